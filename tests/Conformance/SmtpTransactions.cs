using System.Globalization;
using EmailSync.Protocols.Smtp;

namespace EmailSync.Conformance;

/// <summary>Who gets a message, who does not, and how one learns of it.</summary>
public abstract class SmtpTransactions(ISubmissionHost host)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Each_recipient_has_its_own_outcome(bool isPipelined)
    {
        host.Lacks.Require(Ability.KnowsItsRecipients);
        Account first = host.NewAccount();
        Account last = host.NewAccount();
        byte[] message = Outgoing.Compose("for two of three", "body\r\n");
        await using SmtpSession session = await host.OpenAsync(Encryption.None, new() { UsePipelining = isPipelined });

        TransactionResult result = await session.SubmitAsync(message, first.Name, host.NobodysAddress, last.Name);

        Assert.True(result.IsAccepted);
        Assert.Equal([250, 550, 250], result.Recipients.Select(recipient => recipient.Reply.Code));
        Assert.Equal(message, Assert.Single(await host.ReceiveAsync(first, 1)));
        Assert.Equal(message, Assert.Single(await host.ReceiveAsync(last, 1)));
        await session.QuitAsync(Cancelled);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Where_every_recipient_is_refused_so_is_the_message_and_the_session_goes_on(bool isPipelined)
    {
        host.Lacks.Require(Ability.KnowsItsRecipients);
        Account account = host.NewAccount();
        byte[] message = Outgoing.Compose("after a refusal", "body\r\n");
        await using SmtpSession session = await host.OpenAsync(Encryption.None, new() { UsePipelining = isPipelined });

        TransactionResult refused = await session.SubmitAsync(message, host.NobodysAddress);
        Assert.Equal((false, 550), (refused.IsAccepted, refused.Refusal!.Code));

        Assert.True((await session.SubmitAsync(message, account.Name)).IsAccepted);
        Assert.Equal(message, Assert.Single(await host.ReceiveAsync(account, 1)));
        await session.QuitAsync(Cancelled);
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, false)]
    [InlineData(true, true)]
    [InlineData(false, true)]
    public async Task A_refused_reverse_path_is_the_result_and_the_session_goes_on(bool isPipelined, bool isForNow)
    {
        if (!isForNow)
            host.Lacks.Require(Ability.RefusesForGood);
        MailPath path = isForNow ? host.DeferredReversePath : host.RefusedReversePath;
        Account account = host.NewAccount();
        byte[] message = Outgoing.Compose("after a refusal", "body\r\n");
        await using SmtpSession session = await host.OpenAsync(Encryption.None, new() { UsePipelining = isPipelined });
        using MemoryStream content = new(message);

        TransactionResult refused = await session.SendAsync(new(path, [MailPath.Parse(account.Name)]), content, Cancelled);
        Assert.False(refused.IsAccepted);
        Assert.Equal(isForNow ? 4 : 5, refused.Refusal!.Code / 100);

        Assert.True((await session.SubmitAsync(message, account.Name)).IsAccepted);
        Assert.Single(await host.ReceiveAsync(account, 1));
        await session.QuitAsync(Cancelled);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Nobody_who_has_not_signed_in_sends_mail_elsewhere(bool isPipelined)
    {
        host.Lacks.Require(Ability.RefusesRelay);
        Account account = host.NewAccount();
        byte[] message = Outgoing.Compose("after a refusal", "body\r\n");
        await using SmtpSession session = await host.OpenAsync(Encryption.Upgraded, new() { UsePipelining = isPipelined });

        TransactionResult refused = await session.SubmitAsync(message, "someone@elsewhere.example");
        Assert.False(refused.IsAccepted);
        Assert.Contains(refused.Refusal!.Code, (int[])[550, 554]);

        Assert.True((await session.SubmitAsync(message, account.Name)).IsAccepted);
        Assert.Equal(message, Assert.Single(await host.ReceiveAsync(account, 1)));
        await session.QuitAsync(Cancelled);
    }

    [Fact]
    public async Task Many_messages_on_one_session()
    {
        const int Count = 30;
        Account account = host.NewAccount();
        byte[][] messages = [.. Enumerable.Range(1, Count).Select(number =>
            Outgoing.Compose(number.ToString("D3", CultureInfo.InvariantCulture), $"message {number}\r\n"))];
        await using SmtpSession session = await host.OpenAsync(Encryption.None);

        foreach (byte[] message in messages)
            Assert.True((await session.SubmitAsync(message, account.Name)).IsAccepted);
        await session.QuitAsync(Cancelled);

        // Servers deliver in any order.
        IReadOnlyList<byte[]> arrived = await host.ReceiveAsync(account, Count);
        Assert.Equal(Count, arrived.Count);
        if (!host.Lacks.ContainsKey(Ability.KeepsOctets))
            Assert.Equal(messages.Select(Convert.ToHexString).Order(StringComparer.Ordinal), arrived.Select(Convert.ToHexString).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Notifications_are_asked_for_where_that_is_offered()
    {
        host.Lacks.Require(Ability.Dsn);
        Account account = host.NewAccount();
        byte[] message = Outgoing.Compose("silent", "body\r\n");
        await using SmtpSession session = await host.OpenAsync(Encryption.None);
        Envelope envelope = Outgoing.EnvelopeTo(account.Name) with
        {
            Dsn = new() { Return = DsnReturn.Header, EnvelopeId = "conformance +1=", Notify = DsnNotify.Never, GivesOriginalRecipients = true },
        };
        using MemoryStream content = new(message);

        Assert.True((await session.SendAsync(envelope, content, Cancelled)).IsAccepted);

        Assert.Equal(message, Assert.Single(await host.ReceiveAsync(account, 1)));
        await session.QuitAsync(Cancelled);
    }

    [Fact]
    public async Task A_null_reverse_path()
    {
        host.Lacks.Require(Ability.KeepsOctets);
        Account account = host.NewAccount();
        byte[] message = Outgoing.Compose("a notification", "body\r\n");
        await using SmtpSession session = await host.OpenAsync(Encryption.None);
        using MemoryStream content = new(message);

        Assert.True((await session.SendAsync(new(MailPath.Null, [MailPath.Parse(account.Name)]), content, Cancelled)).IsAccepted);

        Assert.Equal(message, Assert.Single(await host.ReceiveAsync(account, 1)));
        await session.QuitAsync(Cancelled);
    }
}
