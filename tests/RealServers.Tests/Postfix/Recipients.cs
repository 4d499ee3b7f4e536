using System.Globalization;
using EmailSync.Appliance.Model;
using EmailSync.Protocols.Smtp;
using EmailSync.RealServers.Tests.Servers;

namespace EmailSync.RealServers.Tests.Postfix;

/// <summary>Who gets a message, who does not, and how one learns of it.</summary>
public sealed class Recipients(MailServers servers)
{
    private static readonly MailPath Sender = MailPath.Parse("a@sender.example");

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Each_recipient_has_its_own_outcome(bool isPipelined)
    {
        MailAccount first = servers.NewAccount();
        MailAccount last = servers.NewAccount();
        byte[] message = Arrival.Compose("for two of three", "body\r\n");
        await using SmtpSession session = await servers.Postfix.OpenAsync(options: new() { UsePipelining = isPipelined });

        TransactionResult result = await SendAsync(session, message, first.Address, "nobody@example.test", last.Address);

        Assert.True(result.IsAccepted);
        Assert.Equal(["250 2.1.5", "550 5.1.1", "250 2.1.5"], result.Recipients.Select(recipient => $"{recipient.Reply.Code} {recipient.Reply.Status}"));
        await first.AssertReceivesAsync(message);
        await last.AssertReceivesAsync(message);
        await session.QuitAsync(Cancelled);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Nobody_who_has_not_signed_in_sends_mail_elsewhere(bool isPipelined)
    {
        MailAccount account = servers.NewAccount();
        byte[] message = Arrival.Compose("after a refusal", "body\r\n");
        await using SmtpSession session = await servers.Postfix.OpenAsync(TlsMode.StartTls, new() { UsePipelining = isPipelined });

        TransactionResult refused = await SendAsync(session, message, "someone@elsewhere.example");
        Assert.False(refused.IsAccepted);
        Assert.Equal((554, "5.7.1"), (refused.Refusal!.Code, refused.Refusal.Status.ToString()));

        // The session is whole: what it may do is done behind the refusal.
        Assert.True((await SendAsync(session, message, account.Address)).IsAccepted);
        await account.AssertReceivesAsync(message);
        await session.QuitAsync(Cancelled);
    }

    [Fact]
    public async Task An_international_address_and_header()
    {
        MailAccount account = servers.NewAccount();
        byte[] message = Arrival.Compose("Grüße aus Köln, 日本 ☺", "Grüße\r\n");
        await using SmtpSession session = await servers.Postfix.OpenAsync();

        Assert.True((await SendAsync(session, message, account.InternationalAddress)).IsAccepted);

        await account.AssertReceivesAsync(message);
        await session.QuitAsync(Cancelled);
    }

    [Fact]
    public async Task A_hundred_and_twenty_recipients_in_one_transaction()
    {
        const int Count = 120;
        MailAccount account = servers.NewAccount();
        string[] addresses = [.. Enumerable.Range(1, Count).Select(number =>
            account.Address.Replace("@", string.Create(CultureInfo.InvariantCulture, $"+{number}@"), StringComparison.Ordinal))];
        byte[] message = Arrival.Compose("for many", "body\r\n");
        await using SmtpSession session = await servers.Postfix.OpenAsync();

        TransactionResult result = await SendAsync(session, message, addresses);

        Assert.True(result.IsAccepted);
        Assert.All(result.Recipients, recipient => Assert.True(recipient.Reply.IsPositive));
        IReadOnlyList<byte[]> arrived = await account.ReceiveAsync(Count);
        Assert.Equal(Count, arrived.Count);
        Assert.All(arrived, copy => Arrival.AssertIs(message, copy));
        await session.QuitAsync(Cancelled);
    }

    [Fact]
    public async Task Many_messages_on_one_session()
    {
        const int Count = 60;
        MailAccount account = servers.NewAccount();
        byte[][] messages = [.. Enumerable.Range(1, Count).Select(number => Arrival.Compose($"{number:D3}", $"message {number}\r\n"))];
        await using SmtpSession session = await servers.Postfix.OpenSubmissionAsync(account);

        foreach (byte[] message in messages)
            Assert.True((await SendAsync(session, message, account.Address)).IsAccepted);
        await session.QuitAsync(Cancelled);

        // Postfix delivers in any order; the subject says which is which.
        IEnumerable<byte[]> arrived = (await account.ReceiveAsync(Count)).OrderBy(SubjectOf, StringComparer.Ordinal);
        Assert.All(messages.Zip(arrived), pair => Arrival.AssertIs(pair.First, pair.Second));
    }

    private static async Task<TransactionResult> SendAsync(SmtpSession session, byte[] message, params string[] addresses)
    {
        using MemoryStream content = new(message);
        return await session.SendAsync(new(Sender, [.. addresses.Select(MailPath.Parse)]), content, Cancelled);
    }

    private static string SubjectOf(byte[] message) =>
        System.Text.Encoding.Latin1.GetString(message).Split('\n').First(line => line.StartsWith("Subject:", StringComparison.Ordinal));
}
