using System.Text;
using EmailSync.Protocols.Smtp;
using MimeKit;

namespace EmailSync.Appliance.Processing;

/// <summary>A file of the drop folder cannot be sent; the message says why, for whoever dropped it.</summary>
public sealed class DropRefusedException(string message) : Exception(message);

/// <summary>What the header of a dropped message says of its way: who sends it, and to whom.</summary>
/// <param name="From">The only address in From.</param>
/// <param name="Recipients">Everybody in To, Cc and Bcc, each once.</param>
/// <param name="Header">The header's octets as they will be sent: without Bcc, which only the envelope knows (RFC 5321 section 7.2).</param>
/// <param name="Length">How many octets of the file the header takes, with Bcc.</param>
internal sealed record DroppedMessage(string From, IReadOnlyList<string> Recipients, byte[] Header, int Length)
{
    /// <summary>Reads the beginning of a message, which must hold its whole header.</summary>
    /// <exception cref="DropRefusedException">It is no message, or does not say who sends it and to whom.</exception>
    public static DroppedMessage Read(ReadOnlySpan<byte> beginning)
    {
        List<MailboxAddress> from = [];
        List<string> recipients = [];
        using MemoryStream header = new();
        ReadOnlySpan<byte> rest = beginning;
        while (NextField(ref rest) is var field && !field.TrimEnd("\r\n"u8).IsEmpty)
        {
            string name = NameOf(field);
            if (name.StartsWith("Resent-", StringComparison.OrdinalIgnoreCase))
                throw new DropRefusedException($"It has the field {name}: to whom a message goes that is sent again, this folder cannot tell. Submit it with 'emailsync email send', or through the API.");
            if (Is(name, "From"))
                from.AddRange(Addresses(name, field));
            else if (Is(name, "To") || Is(name, "Cc") || Is(name, "Bcc"))
                recipients.AddRange(Addresses(name, field).Select(address => Checked(name, address.Address)));
            if (!Is(name, "Bcc"))
                header.Write(field);
        }

        int length = beginning.Length - rest.Length;
        if (from.Count != 1)
            throw new DropRefusedException(from.Count == 0 ? "It has no address in From, so it is not known which mailbox sends it." : "It has more than one address in From; one mailbox sends a message.");
        if (recipients.Count == 0)
            throw new DropRefusedException("It has no recipient in To, Cc or Bcc.");
        header.Write("\r\n"u8);
        return new(Checked("From", from[0].Address), [.. recipients.Distinct(StringComparer.OrdinalIgnoreCase)], header.ToArray(), length);
    }

    // With its folded lines and its line end; empty, or only a line end, where the header is over.
    private static ReadOnlySpan<byte> NextField(ref ReadOnlySpan<byte> rest)
    {
        int length = 0;
        do
        {
            int lineEnd = rest[length..].IndexOf((byte)'\n');
            if (lineEnd < 0)
                throw new DropRefusedException("Its header does not end: there is no empty line, or not within 256 KiB.");
            length += lineEnd + 1;
        }
        while (!rest[..length].TrimEnd("\r\n"u8).IsEmpty && length < rest.Length && rest[length] is (byte)' ' or (byte)'\t');

        ReadOnlySpan<byte> field = rest[..length];
        rest = rest[length..];
        return field;
    }

    private static string NameOf(ReadOnlySpan<byte> field)
    {
        int colon = field.IndexOf((byte)':');
        ReadOnlySpan<byte> name = colon > 0 ? field[..colon].TrimEnd(" \t"u8) : [];
        return name.IsEmpty || name.ContainsAnyExceptInRange((byte)'!', (byte)'~')
            ? throw new DropRefusedException("There is a line in its header that is no field, such as 'Subject: hello' is one; the header ends at the first empty line.")
            : Encoding.ASCII.GetString(name);
    }

    private static bool Is(string name, string expected) => string.Equals(name, expected, StringComparison.OrdinalIgnoreCase);

    private static IEnumerable<MailboxAddress> Addresses(string name, ReadOnlySpan<byte> field)
    {
        byte[] value = field[(field.IndexOf((byte)':') + 1)..].Trim(" \t\r\n"u8).ToArray();
        if (value.Length == 0)
            return [];
        return InternetAddressList.TryParse(value, out InternetAddressList? addresses)
            ? addresses.Mailboxes
            : throw new DropRefusedException($"The field {name} is no list of addresses.");
    }

    private static string Checked(string name, string address) =>
        address.Contains('@', StringComparison.Ordinal) && MailPath.TryParse(address, out _)
            ? address
            : throw new DropRefusedException($"The field {name} has '{DropFolder.Shown(address)}', which is not an email address.");
}
