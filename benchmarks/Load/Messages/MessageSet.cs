using System.Globalization;
using System.IO.Hashing;
using System.Text;

namespace EmailSync.Load.Messages;

/// <summary>
/// The messages of a run, made from their size alone, so that server, client and judge agree on them without exchanging any. There are a
/// few different ones, all of the same size, with lines that begin with a dot.
/// </summary>
internal sealed class MessageSet
{
    /// <summary>The smallest message that has a header and a body.</summary>
    public const int LeastOctets = 256;

    private const int MostVariants = 64;
    private const int MostOctets = 64 * 1024 * 1024;
    private const int LinesPerDot = 50;

    private static ReadOnlySpan<byte> Letters => "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"u8;

    private readonly byte[][] _contents;

    public MessageSet(int octets)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(octets, LeastOctets);
        _contents = [.. Enumerable.Range(0, Math.Clamp(MostOctets / octets, 2, MostVariants)).Select(variant => Make(variant, octets))];
    }

    /// <summary>How many different messages there are.</summary>
    public int Variants => _contents.Length;

    /// <summary>Which of them a mailbox has under a number.</summary>
    public int VariantOf(int mailbox, int number) => (mailbox + number) % _contents.Length;

    /// <summary>A message as it was written: CRLF line ends, dots not stuffed.</summary>
    public byte[] Content(int variant) => _contents[variant];

    /// <summary>A message with its dots stuffed and the lone dot behind it.</summary>
    public byte[] Stuffed(int variant)
    {
        string stuffed = Encoding.ASCII.GetString(_contents[variant]).Replace("\r\n.", "\r\n..", StringComparison.Ordinal);
        return Encoding.ASCII.GetBytes(stuffed + ".\r\n");
    }

    /// <summary>What comes out of so many mailboxes with so many messages each.</summary>
    /// <param name="mailboxes">From 0.</param>
    /// <param name="messages">Each has the numbers 1 to this.</param>
    /// <param name="part">What the digest is of.</param>
    public Tally Expected(int mailboxes, int messages, Part part)
    {
        Tally[] each = [.. _contents.Select(content => Of(content, part))];
        Tally sum = default;
        for (int mailbox = 0; mailbox < mailboxes; mailbox++)
        {
            for (int number = 1; number <= messages; number++)
                sum += each[VariantOf(mailbox, number)];
        }
        return sum;
    }

    /// <summary>The tally of one message. Of a body the last line end counts only once, for some programs add one.</summary>
    public static Tally Of(ReadOnlySpan<byte> content, Part part)
    {
        ReadOnlySpan<byte> hashed = content;
        if (part == Part.Body)
        {
            int end = content.IndexOf("\r\n\r\n"u8);
            hashed = content[(end < 0 ? content.Length : end + 4)..].TrimEnd("\r\n"u8);
        }
        return new(1, hashed.Length, XxHash3.HashToUInt64(hashed));
    }

    private static byte[] Make(int variant, int octets)
    {
        byte[] content = new byte[octets];
        string header = string.Create(
            CultureInfo.InvariantCulture,
            $"From: Sender <sender@example.com>\r\nTo: Reader <reader@example.com>\r\nSubject: Load {variant}\r\nDate: Sun, 1 Mar 2026 12:00:00 +0000\r\nMessage-ID: <{variant}@example.com>\r\n\r\n");
        int length = Encoding.ASCII.GetBytes(header, content);
        Random random = new(variant + 1);
        for (int line = 0; length < octets; line++)
        {
            // The last line takes what is left, and is never shorter than one letter.
            int left = octets - length;
            int letters = left is > 78 and < 82 ? 60 : Math.Min(76, left - 2);
            Span<byte> text = content.AsSpan(length, letters);
            random.GetItems(Letters, text);
            if (line % LinesPerDot == LinesPerDot - 1)
                text[0] = (byte)'.';
            "\r\n"u8.CopyTo(content.AsSpan(length + letters));
            length += letters + 2;
        }
        return content;
    }
}

/// <summary>What a digest is of.</summary>
internal enum Part
{
    /// <summary>All of the message.</summary>
    Content,

    /// <summary>What is behind the header: where the client writes a header of its own, or changes line ends.</summary>
    Body,
}
