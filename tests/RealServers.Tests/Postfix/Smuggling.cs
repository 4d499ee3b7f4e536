using System.Text;
using EmailSync.Protocols.Smtp;
using EmailSync.Protocols.Wire;
using EmailSync.RealServers.Tests.Servers;

namespace EmailSync.RealServers.Tests.Postfix;

/// <summary>
/// Content that some server takes for the end of itself and a next message (CVE-2023-51764 and its relatives). This Postfix is told to take
/// bare line feeds for line ends, as all did, so it can be fooled; the last test shows that it is.
/// </summary>
public sealed class Smuggling(MailServers servers)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("\n.\n")]
    [InlineData("\n.\r\n")]
    [InlineData("\n.\r")]
    [InlineData("\r.\r")]
    [InlineData("\r.\n")]
    [InlineData("\r.\r\n")]
    [InlineData("\r\n.\n")]
    [InlineData("\r\n.\r")]
    [InlineData("\r\n.\r\n")]
    [InlineData("\r\n.\r\r\n")]
    [InlineData("\r\r\n.\r\r\n")]
    public async Task It_stays_one_message(string ending)
    {
        MailAccount account = servers.NewAccount();
        MailAccount victim = servers.NewAccount();
        byte[] message = Arrival.Compose("smuggler", Smuggle(ending, victim));
        byte[] honest = Arrival.Compose("honest", "body\r\n");
        await using SmtpSession session = await servers.Postfix.OpenAsync();

        Assert.True((await SendAsync(session, account, message)).IsAccepted);
        // Had the server seen commands in the content, their replies would now be taken for the replies to these.
        TransactionResult next = await SendAsync(session, victim, honest);

        Assert.Equal("250 2.1.0, 250 2.1.5, 250 2.0.0", $"{Shown(next.Sender)}, {Shown(next.Recipients[0].Reply)}, {Shown(next.Content!)}");
        await account.AssertReceivesAsync(message);
        await victim.AssertReceivesAsync(honest);
        await session.QuitAsync(Cancelled);
    }

    [Theory]
    [InlineData("\r\n\0.\r\n")]
    [InlineData("\r\n.\0\r\n")]
    public async Task With_a_nul_in_it_nothing_is_sent(string ending)
    {
        MailAccount account = servers.NewAccount();
        await using SmtpSession session = await servers.Postfix.OpenAsync();

        await Assert.ThrowsAsync<InvalidContentException>(() => SendAsync(session, account, Arrival.Compose("nul", Smuggle(ending, account))));

        await session.QuitAsync(Cancelled);
    }

    [Theory]
    [InlineData("\n.\n")]
    [InlineData("\n.\r\n")]
    [InlineData("\r\n.\n")]
    public async Task A_client_that_sends_it_as_it_is_delivers_two(string ending)
    {
        MailAccount account = servers.NewAccount();
        MailAccount victim = servers.NewAccount();
        byte[] message = Arrival.Compose("smuggler", Smuggle(ending, victim));
        await using Stream stream = await TrustedRoot.ConnectAsync(servers.Postfix.SmtpPort, Cancelled);
        using StreamReader replies = new(stream);

        await SayAsync($"EHLO client.example\r\nMAIL FROM:<a@sender.example>\r\nRCPT TO:<{account.Address}>\r\nDATA\r\n", "354");
        await stream.WriteAsync(message, Cancelled);
        await SayAsync("\r\n.\r\nQUIT\r\n", "221");

        Assert.Contains("smuggled", Encoding.Latin1.GetString(Assert.Single(await victim.ReceiveAsync(1))), StringComparison.Ordinal);

        async Task SayAsync(string lines, string lastReply)
        {
            await stream.WriteAsync(Encoding.ASCII.GetBytes(lines), Cancelled);
            while (!(await replies.ReadLineAsync(Cancelled))!.StartsWith(lastReply, StringComparison.Ordinal))
            {
            }
        }
    }

    private static string Smuggle(string ending, MailAccount victim) =>
        $"before{ending}MAIL FROM:<attacker@sender.example>\r\nRCPT TO:<{victim.Address}>\r\nDATA\r\nSubject: smuggled\r\n\r\nbody\r\n";

    private static async Task<TransactionResult> SendAsync(SmtpSession session, MailAccount account, byte[] message)
    {
        using MemoryStream content = new(message);
        return await session.SendAsync(new(MailPath.Parse("a@sender.example"), [MailPath.Parse(account.Address)]), content, Cancelled);
    }

    private static string Shown(Reply reply) => $"{reply.Code} {reply.Status}";
}
