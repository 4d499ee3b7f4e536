using System.Text;
using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Store;

/// <summary>
/// Reads the fields that an email is found by from its first octets. Forgiving: what is no field is passed over, whatever the octets
/// are it answers something, within bounds, in linear time. Encoded words (RFC 2047) stay as they are.
/// </summary>
public static class HeaderPeek
{
    /// <summary>Octets that are looked at: eight times what Sendmail accepts as a header block (MaxHeadersLength, 32 KiB).</summary>
    public const int MaximumLength = 256 * 1024;

    /// <summary>Octets that are kept of one field.</summary>
    public const int MaximumFieldLength = 4096;

    /// <summary>Reads the header block at the start of a message.</summary>
    public static EmailHeaders Read(ReadOnlySpan<byte> message)
    {
        ReadOnlySpan<byte> rest = message.Length > MaximumLength ? message[..MaximumLength] : message;
        EmailHeaders headers = new();
        while (NextField(ref rest, out ReadOnlySpan<byte> field))
        {
            int colon = field.IndexOf((byte)':');
            if (colon > 0)
                headers = Take(headers, field[..colon].TrimEnd(" \t"u8), field[(colon + 1)..]);
        }

        return headers;
    }

    /// <summary>The next field with its folded lines; false at the empty line that ends the block.</summary>
    private static bool NextField(ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> field)
    {
        int length = LineLength(rest);
        bool isEmptyLine = rest[..length].TrimEnd("\r\n"u8).IsEmpty;
        while (!isEmptyLine && length < rest.Length && rest[length] is (byte)' ' or (byte)'\t')
            length += LineLength(rest[length..]);

        field = rest[..length];
        rest = rest[length..];
        return !isEmptyLine;
    }

    private static int LineLength(ReadOnlySpan<byte> octets)
    {
        int lineEnd = octets.IndexOf((byte)'\n');
        return lineEnd < 0 ? octets.Length : lineEnd + 1;
    }

    // The first of several fields of a name counts: the later ones are further from where the message was handed over.
    private static EmailHeaders Take(EmailHeaders headers, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (headers.From is null && Is(name, "From"u8))
            return headers with { From = Text(value) };
        if (headers.To is null && Is(name, "To"u8))
            return headers with { To = Text(value) };
        if (headers.Cc is null && Is(name, "Cc"u8))
            return headers with { Cc = Text(value) };
        if (headers.ReplyTo is null && Is(name, "Reply-To"u8))
            return headers with { ReplyTo = Text(value) };
        if (headers.Subject is null && Is(name, "Subject"u8))
            return headers with { Subject = Text(value) };
        if (headers.Date is null && Is(name, "Date"u8))
            return headers with { Date = Text(value) };
        if (headers.MessageId is null && Is(name, "Message-ID"u8))
            return headers with { MessageId = Text(value) };
        if (headers.InReplyTo is null && Is(name, "In-Reply-To"u8))
            return headers with { InReplyTo = Text(value) };
        if (headers.References is null && Is(name, "References"u8))
            return headers with { References = Text(value) };
        return Is(name, "Content-Type"u8) && IsDeliveryReport(Text(value)) ? headers with { IsDeliveryReport = true } : headers;
    }

    // multipart/report; report-type=delivery-status (RFC 6522 section 3), whatever stands between.
    private static bool IsDeliveryReport(string contentType) =>
        contentType.StartsWith("multipart/report", StringComparison.OrdinalIgnoreCase)
        && contentType.Contains("delivery-status", StringComparison.OrdinalIgnoreCase);

    private static bool Is(ReadOnlySpan<byte> name, ReadOnlySpan<byte> expected) => Ascii.EqualsIgnoreCase(name, expected);

    /// <summary>Unfolded (RFC 5322 2.2.3), control characters as blanks, UTF-8 with replacement, cut at a character's border.</summary>
    private static string Text(ReadOnlySpan<byte> value)
    {
        Span<byte> kept = stackalloc byte[MaximumFieldLength];
        int length = 0;
        foreach (byte octet in value.Trim(" \t\r\n"u8))
        {
            if (octet is (byte)'\r' or (byte)'\n')
                continue;
            if (length == kept.Length)
            {
                length = CharacterBorder(kept);
                break;
            }

            kept[length++] = octet is < 0x20 or 0x7F ? (byte)' ' : octet;
        }

        return Encoding.UTF8.GetString(kept[..length]);
    }

    /// <summary>How much of a full buffer ends with a whole character.</summary>
    private static int CharacterBorder(ReadOnlySpan<byte> octets)
    {
        int last = octets.Length - 1;
        while (last > octets.Length - 4 && (octets[last] & 0xC0) == 0x80)
            last--;
        return Rune.DecodeFromUtf8(octets[last..], out _, out int length) == System.Buffers.OperationStatus.Done ? last + length : last;
    }
}
