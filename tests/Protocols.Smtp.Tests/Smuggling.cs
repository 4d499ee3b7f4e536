using System.Text;
using CsCheck;
using EmailSync.Lab;
using EmailSync.Protocols.Wire;

namespace EmailSync.Protocols.Smtp.Tests;

/// <summary>
/// One message goes in, and one message, the same one, comes out: at a server that is strict about CRLF.CRLF and at one that takes any
/// mixture of line ends for it (threats S-01 and S-05).
/// </summary>
public sealed class Smuggling : IAsyncLifetime
{
    private static readonly SmtpOptions ByData = Play.Options with { UseChunking = false, UsePipelining = false };
    private LabServer _lab = null!;

    public static TheoryData<string> Vectors =>
    [
        "\n.\n", "\n.\r\n", "\r.\r", "\r.\n", "\r\n.\n", "\r\n.\r", "\n.\r", "\r.\r\n", "\r\n.\r\r\n", "\r\r\n.\r\r\n", "\r\n.\r\n",
        "\n..\n", "\r\r.\r\r", "\n\r.\n\r",
    ];

    [Theory]
    [MemberData(nameof(Vectors))]
    public async Task S_01_no_mixture_of_line_ends_ends_the_message(string smuggled)
    {
        string[] contents =
        [
            $"a{smuggled}MAIL FROM:<evil@x>\r\nRCPT TO:<victim@y>\r\nDATA\r\nb\r\n",
            smuggled + "MAIL FROM:<evil@x>\r\n",
            "a" + smuggled,
        ];
        foreach (string content in contents)
            await AssertOneMessageAsync(content, pieces: null);
        await AssertOneMessageAsync(contents[0], pieces: _ => 1);
    }

    [Theory]
    [InlineData("\r\n\0.\r\n")]
    [InlineData("\r\n.\0\r\n")]
    public async Task S_01_a_nul_is_refused(string smuggled)
    {
        await using SmtpSession session = await OpenAsync(Stream.Null);
        await Assert.ThrowsAsync<InvalidContentException>(async () => await Play.SendAsync(session, Play.Envelope(), $"a{smuggled}b\r\n"));
        Assert.Empty(_lab.Outbox);
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("...")]
    [InlineData("\r\n.")]
    [InlineData(".\r\n")]
    [InlineData("\r\n")]
    [InlineData(".\r\n.\r\n.")]
    public async Task S_05_dots_at_the_edges(string content)
    {
        await AssertOneMessageAsync(content, pieces: null);
        await AssertOneMessageAsync(content, pieces: _ => 1);
    }

    [Fact]
    public async Task S_01_whatever_the_content_and_its_pieces() =>
        await Gen.Select(Gen.String[Gen.Char["\r\n.x"], 0, 40], Gen.Int[1, 5].Array[1, 4])
            .SampleAsync(async (content, pieces) => await AssertOneMessageAsync(content, read => pieces[read % pieces.Length]), iter: 400, threads: 1);

    [Fact]
    public async Task S_05_dots_at_the_borders_of_blocks()
    {
        foreach (int length in (int[])[65_533, 65_534, 65_535, 65_536, 65_537])
        {
            string lines = string.Concat(Enumerable.Repeat("0123456789abcd\r\n", 65_536 / 16))[..(length / 16 * 16)];
            await AssertOneMessageAsync(lines + new string('y', (length % 16) + 1) + "\r\n.\r\n..\r\n", pieces: null);
        }
    }

    public async ValueTask InitializeAsync() => _lab = await LabServer.StartAsync(new LabOptions { Mailboxes = 0 });

    public ValueTask DisposeAsync() => _lab.DisposeAsync();

    private async Task AssertOneMessageAsync(string content, Func<int, int>? pieces)
    {
        using MemoryStream wire = new();
        int before = _lab.Outbox.Count;
        await using (SmtpSession session = await OpenAsync(wire))
        {
            TransactionResult result = await session.SendAsync(
                Play.Envelope(), new OnceOnly(content, pieces), TestContext.Current.CancellationToken);
            Assert.True(result.IsAccepted);
            await session.QuitAsync(TestContext.Current.CancellationToken);
        }
        string expected = Canonical(content);
        Assert.Equal(before + 1, _lab.Outbox.Count);
        Assert.Equal(expected, Encoding.UTF8.GetString(_lab.Outbox[^1].Content.Span));

        string sent = Encoding.UTF8.GetString(wire.ToArray());
        int data = sent.IndexOf("DATA\r\n", StringComparison.Ordinal) + 6;
        (string received, string behind) = LenientServer(sent[data..]);
        Assert.Equal((expected, "QUIT\r\n"), (received, behind));
    }

    private async Task<SmtpSession> OpenAsync(Stream copy) =>
        await SmtpSession.OpenAsync(new Tap(await LabClient.ConnectAsync(_lab), copy), ByData, TestContext.Current.CancellationToken);

    private static string Canonical(string content)
    {
        string canonical = content.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n')
            .Replace("\n", "\r\n", StringComparison.Ordinal);
        return canonical.Length == 0 || canonical.EndsWith("\r\n", StringComparison.Ordinal) ? canonical : canonical + "\r\n";
    }

    /// <summary>The worst server there is: CR, LF and CRLF all end a line, and a dot alone on any line ends the message.</summary>
    private static (string Content, string Behind) LenientServer(string wire)
    {
        StringBuilder content = new();
        int position = 0;
        while (position < wire.Length)
        {
            int end = wire.IndexOfAny(['\r', '\n'], position);
            string line = wire[position..end];
            position = wire.AsSpan(end).StartsWith("\r\n") ? end + 2 : end + 1;
            if (line == ".")
                return (content.ToString(), wire[position..]);
            content.Append(line.StartsWith('.') ? line[1..] : line).Append("\r\n");
        }
        throw new InvalidDataException("The message has no end");
    }
}
