using System.Buffers;
using System.Security.Cryptography;

namespace EmailSync.Protocols.Wire;

/// <summary>The line being composed: its octets, and what a transcript may show of it.</summary>
internal sealed class LineBuffer
{
    /// <summary>The octets that may stand in a command line: no controls, so no CR, no LF, no NUL (RFC 5321 4.1.2, RFC 2449 section 3).</summary>
    private static readonly SearchValues<byte> Controls = SearchValues.Create([.. Enumerable.Range(0, 0x20).Select(octet => (byte)octet), 0x7F]);

    private byte[] _octets = new byte[128];
    private readonly List<Range> _secrets = [];

    public int Length { get; private set; }

    public bool HoldsSecret => _secrets.Count > 0;

    public ReadOnlySpan<byte> Octets => _octets.AsSpan(0, Length);

    public void Append(ReadOnlySpan<char> text)
    {
        int length = StrictUtf8.Encoding.GetByteCount(text);
        Commit(StrictUtf8.Encoding.GetBytes(text, Room(length)));
    }

    public void Append(Secret secret)
    {
        int start = Length;
        Append(secret.Reveal());
        _secrets.Add(start..Length);
    }

    public void Append<T>(T value) where T : IUtf8SpanFormattable
    {
        int room = 32;
        int written;
        while (!value.TryFormat(Room(room), out written, default, null))
            room *= 2;
        Commit(written);
    }

    /// <summary>The transcript's view: secrets as three asterisks, whatever their length.</summary>
    public byte[] Shown()
    {
        ArrayBufferWriter<byte> shown = new(Length + 16);
        int position = 0;
        foreach (Range secret in _secrets)
        {
            shown.Write(_octets.AsSpan(position..secret.Start.Value));
            shown.Write("***"u8);
            position = secret.End.Value;
        }
        shown.Write(_octets.AsSpan(position..Length));
        return shown.WrittenSpan.ToArray();
    }

    public void Clear()
    {
        if (HoldsSecret)
            CryptographicOperations.ZeroMemory(_octets.AsSpan(0, Length));
        _secrets.Clear();
        Length = 0;
    }

    private Span<byte> Room(int length)
    {
        if (_octets.Length - Length < length)
        {
            byte[] old = _octets;
            _octets = new byte[Math.Max(old.Length * 2, Length + length)];
            old.AsSpan(0, Length).CopyTo(_octets);
            CryptographicOperations.ZeroMemory(old);
        }
        return _octets.AsSpan(Length);
    }

    /// <summary>The check is on octets, after encoding: no character can become a CR or LF behind its back.</summary>
    private void Commit(int count)
    {
        int control = _octets.AsSpan(Length, count).IndexOfAny(Controls);
        if (control >= 0)
            // The value itself may be a secret and is not shown.
            throw new ArgumentException($"A value for a command line holds the control octet 0x{_octets[Length + control]:X2} at position {control}; nothing was sent");
        Length += count;
    }
}
