using System.Buffers;
using System.Globalization;

namespace EmailSync.Lab;

/// <summary>A message as it goes over the wire: dots stuffed, the lone dot at its end, and slots for its identity.</summary>
internal sealed class MessageContent
{
    public const int IdentityDigits = 16;

    private MessageContent(byte[] wire, long octets, int[] identitySlots)
    {
        Wire = wire;
        Octets = octets;
        IdentitySlots = identitySlots;
    }

    /// <summary>Stuffed content and the terminating ".CRLF" (RFC 1939 section 3).</summary>
    public ReadOnlyMemory<byte> Wire { get; }

    /// <summary>The size that LIST tells: without stuffed dots and without the terminator.</summary>
    public long Octets { get; }

    /// <summary>Where in <see cref="Wire"/> the sixteen digits of a message's identity go.</summary>
    public int[] IdentitySlots { get; }

    /// <summary>A generated message is preceded by header lines that name its mailbox; a delivered one stands as it came.</summary>
    public bool IsGenerated => IdentitySlots.Length > 0;

    /// <summary>Stuffs the raw octets; a missing CRLF at the end is added, as it would be by SMTP (RFC 5321 section 4.1.1.4).</summary>
    public static MessageContent FromRaw(ReadOnlySpan<byte> raw, string? identitySlot = null)
    {
        ArrayBufferWriter<byte> wire = new(raw.Length + 16);
        long octets = raw.Length;
        ReadOnlySpan<byte> rest = raw;
        if (rest.StartsWith("."u8))
            wire.Write("."u8);
        for (int at; (at = rest.IndexOf("\r\n."u8)) >= 0; rest = rest[(at + 2)..])
        {
            wire.Write(rest[..(at + 2)]);
            wire.Write("."u8);
        }
        wire.Write(rest);
        if (!raw.EndsWith("\r\n"u8) && raw.Length > 0)
        {
            wire.Write("\r\n"u8);
            octets += 2;
        }
        wire.Write(".\r\n"u8);
        byte[] octetsOnWire = wire.WrittenSpan.ToArray();
        return new MessageContent(octetsOnWire, octets, identitySlot is null ? [] : SlotsOf(octetsOnWire, identitySlot));
    }

    /// <summary>Writes the identity into the slots of a copy of the first octets of <see cref="Wire"/>.</summary>
    public void Stamp(Span<byte> copy, ulong identity)
    {
        foreach (int slot in IdentitySlots)
        {
            if (slot + IdentityDigits <= copy.Length)
                identity.TryFormat(copy[slot..], out _, "x16", CultureInfo.InvariantCulture);
        }
    }

    /// <summary>How much of <see cref="Wire"/> TOP shows: the header, the empty line and so many lines of the body.</summary>
    public int LengthOfTop(int lines)
    {
        ReadOnlySpan<byte> content = Wire.Span[..^3];
        int end = content.IndexOf("\r\n\r\n"u8);
        if (end < 0)
            return content.Length;
        end += 4;
        for (int at; lines > 0 && (at = content[end..].IndexOf("\r\n"u8)) >= 0; lines--)
            end += at + 2;
        return lines > 0 ? content.Length : end;
    }

    private static int[] SlotsOf(ReadOnlySpan<byte> wire, string identitySlot)
    {
        List<int> slots = [];
        ReadOnlySpan<byte> mark = System.Text.Encoding.ASCII.GetBytes(identitySlot);
        for (int from = 0, at; (at = wire[from..].IndexOf(mark)) >= 0; from += at + mark.Length)
            slots.Add(from + at);
        return [.. slots];
    }
}
