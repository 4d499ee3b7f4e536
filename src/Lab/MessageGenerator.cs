using System.Globalization;
using System.Text;

namespace EmailSync.Lab;

/// <summary>Makes the few contents that all generated messages share, the same ones for the same seed.</summary>
internal sealed class MessageGenerator
{
    // Large contents are not varied: a pool of 25 MB messages would be the lab's whole memory.
    private const int LargeContent = 256 * 1024;
    private const string IdentitySlot = "%identity-16---%";

    private static readonly string[] Senders =
    [
        "Ada Lovelace <ada@sender.example>", "\"Grace Hopper\" <grace@navy.example>",
        "=?utf-8?q?J=C3=BCrgen?= <juergen@versand.example>", "orders@shop.example",
    ];

    private static readonly string[] Subjects = ["Invoice", "Re: Meeting notes", "=?utf-8?b?R3LDvMOfZQ==?=", "Order"];

    private static readonly string[] Sentences =
    [
        "The quarterly figures are attached; please have a look before Thursday.",
        "We have received your order and will let you know when it ships.",
        "Could you call me back about the contract some time this afternoon?",
        "The minutes of the meeting are below, corrections until Friday please.",
    ];

    private readonly LabOptions _options;
    private readonly Lazy<MessageContent>[] _contents;

    public MessageGenerator(LabOptions options)
    {
        _options = options;
        Func<int, string>[] kinds = options.Mix == MessageMix.PlainText
            ? [PlainText]
            : [PlainText, WithAttachments, EightBit, DotsAtLineStarts, VeryLongLine, EmptyBody];
        int variants = options.MessageOctets > LargeContent ? 1 : 4;
        DateTimeOffset now = options.Clock.GetUtcNow();
        _contents = [.. Enumerable.Range(0, kinds.Length * variants).Select(number =>
            new Lazy<MessageContent>(() => Compose(number, now, kinds[number % kinds.Length])))];
    }

    public LabMessage Create(ulong identity) => new(_contents[identity % (ulong)_contents.Length].Value, identity);

    private MessageContent Compose(int number, DateTimeOffset now, Func<int, string> kind)
    {
        DateTimeOffset date = now.AddMinutes(-37 * number);
        string text = string.Create(CultureInfo.InvariantCulture, $"""
            From: {Senders[number % Senders.Length]}
            Subject: {Subjects[(number / 2) % Subjects.Length]} {IdentitySlot}
            Date: {date:ddd, dd MMM yyyy HH:mm:ss} +0000
            Message-ID: <{IdentitySlot}@{_options.Domain}>
            MIME-Version: 1.0

            """).ReplaceLineEndings("\r\n") + kind(number);
        return MessageContent.FromRaw(Encoding.UTF8.GetBytes(text), IdentitySlot);
    }

    private string PlainText(int number) =>
        "Content-Type: text/plain; charset=us-ascii\r\n\r\n" + Prose(number, _options.MessageOctets - 400);

    private string EightBit(int number) =>
        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nGrüße aus Köln, 日本 ☺\r\n"
        + Prose(number, _options.MessageOctets - 500);

    private string DotsAtLineStarts(int number) =>
        "Content-Type: text/plain; charset=us-ascii\r\n\r\n.\r\n..\r\n.hidden\r\n...\r\n\r\n.\r\n"
        + Prose(number, _options.MessageOctets - 450);

    // Lines beyond RFC 5322's 998 octets are common in the field; POP3 sets no limit of its own (RFC 1939 section 3).
    private string VeryLongLine(int number) =>
        "Content-Type: text/html; charset=us-ascii\r\n\r\n<p>"
        + Prose(number, _options.MessageOctets - 450).Replace("\r\n", " ", StringComparison.Ordinal) + "</p>\r\n";

    private static string EmptyBody(int number) => "Content-Type: text/plain; charset=us-ascii\r\n\r\n";

    private string WithAttachments(int number)
    {
        byte[] attachment = new byte[Math.Max(16, (_options.MessageOctets - 1200) / 2 * 3 / 4)];
        new Random(_options.Seed + number).NextBytes(attachment);
        string base64 = Convert.ToBase64String(attachment, Base64FormattingOptions.InsertLineBreaks);
        string part(string name) => $"""
            --=_lab
            Content-Type: application/octet-stream; name="{name}"
            Content-Disposition: attachment; filename="{name}"
            Content-Transfer-Encoding: base64

            {base64}

            """;
        return $"""
            Content-Type: multipart/mixed; boundary="=_lab"

            This is a message in several parts.
            --=_lab
            Content-Type: text/plain; charset=us-ascii

            {Sentences[number % Sentences.Length]}
            {part("report.pdf")}{part("figures.xlsx")}--=_lab--

            """.ReplaceLineEndings("\r\n");
    }

    private string Prose(int number, int octets)
    {
        StringBuilder prose = new(Math.Max(octets, 0) + 100);
        Random random = new(_options.Seed + number);
        do
        {
            prose.Append(Sentences[random.Next(Sentences.Length)]).Append("\r\n");
        }
        while (prose.Length < octets);
        return prose.ToString();
    }
}
