using System.Net;
using System.Text;
using EmailSync.Protocols.Smtp;
using EmailSync.Protocols.Wire;
using EmailSync.Protocols.Wire.Sasl;
using netDumbster.smtp;

namespace EmailSync.NetDumbster.Tests;

/// <summary>
/// Our SMTP client against netDumbster, as .NET projects use it in their own tests. It offers no extension but AUTH, writes a stray line in its
/// EHLO reply, closes without a word where it does not understand, and keeps stuffed dots: what it cannot prove, Postfix and the lab do.
/// </summary>
public sealed class Submission : IDisposable
{
    private readonly SimpleSmtpServer _server = Configuration.Configure().WithAddress(IPAddress.Loopback).WithRandomPort().Build();

    private static CancellationToken Timeout => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Signs_in_and_submits_a_message()
    {
        await using SmtpSession session = await OpenAsync();
        await session.AuthenticateAsync(new Plain("jane", new Secret("secret")), Timeout);

        TransactionResult result = await SendAsync(session, "Subject: hello\r\n\r\nbody\r\n", "joe@example.org");
        await session.QuitAsync(Timeout);

        Assert.True(result.IsAccepted);
        SmtpMessage received = Assert.Single(_server.ReceivedEmail);
        Assert.Equal("joe@example.org", Assert.Single(received.ToAddresses).Address);
        Assert.Contains("Subject: hello", received.Data, StringComparison.Ordinal);
        Assert.Contains("body", received.Data, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sends_many_messages_in_one_session()
    {
        await using SmtpSession session = await OpenAsync();
        for (int number = 1; number <= 20; number++)
            Assert.True((await SendAsync(session, $"Subject: {number}\r\n\r\n", "joe@example.org")).IsAccepted);
        await session.QuitAsync(Timeout);

        Assert.Equal(20, _server.ReceivedEmailCount);
    }

    [Fact]
    public async Task Recipients_are_those_of_the_envelope_whatever_the_header_says()
    {
        await using SmtpSession session = await OpenAsync();
        await SendAsync(session, "Subject: x\r\n\r\n", "joe@example.org", "hidden@example.org");

        Assert.Equal(["hidden@example.org"], _server.ReceivedEmail.Single().BccAddresses.Select(address => address.Address));
    }

    [Fact]
    public async Task Dots_at_line_starts_are_stuffed()
    {
        await using SmtpSession session = await OpenAsync();
        Assert.True((await SendAsync(session, "Subject: x\r\n\r\n.\r\n.dot\r\nend\r\n", "joe@example.org")).IsAccepted);

        // It keeps what was on the wire; a client that forgot to stuff would have ended its message at the lone dot.
        string data = _server.ReceivedEmail.Single().Data;
        Assert.Contains("..dot", data, StringComparison.Ordinal);
        Assert.Contains("end", data, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refused_recipient_is_told_and_the_others_get_the_message()
    {
        await using SmtpSession session = await OpenAsync();

        TransactionResult result = await SendAsync(session, "Subject: x\r\n\r\n", "joe@example.org", "x@a.b");

        Assert.True(result.IsAccepted);
        Assert.Equal([250, 451], result.Recipients.Select(recipient => recipient.Reply.Code));
    }

    [Fact]
    public async Task A_connection_closed_behind_the_final_dot_is_an_outcome_in_doubt()
    {
        await using SmtpSession session = await OpenAsync();
        // Without From it fails inside, and closes without a reply.
        using MemoryStream content = new("Subject: no sender\r\n\r\n"u8.ToArray());

        await Assert.ThrowsAsync<TransactionInDoubtException>(async () =>
            await session.SendAsync(new(MailPath.Parse("jane@example.com"), [MailPath.Parse("joe@example.org")]), content, Timeout));
        Assert.Equal(0, _server.ReceivedEmailCount);
    }

    public void Dispose() => _server.Dispose();

    private Task<SmtpSession> OpenAsync() =>
        NetDumbsterHost.OpenAsync(_server, new() { ClientName = "client.example.com", AllowCleartextPasswords = true });

    private static async Task<TransactionResult> SendAsync(SmtpSession session, string rest, params string[] recipients)
    {
        using MemoryStream content = new(Encoding.ASCII.GetBytes("From: jane@example.com\r\nTo: joe@example.org\r\n" + rest));
        return await session.SendAsync(
            new(MailPath.Parse("jane@example.com"), [.. recipients.Select(MailPath.Parse)]), content, Timeout);
    }
}
