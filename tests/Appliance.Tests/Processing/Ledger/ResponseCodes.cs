using EmailSync.Appliance.Model;
using EmailSync.Appliance.Processing;
using EmailSync.Lab;

namespace EmailSync.Appliance.Tests.Processing.Ledger;

/// <summary>What a response code behind a refused sign-in means for the mailbox (RFC 3206, RFC 2449 section 8).</summary>
public sealed class ResponseCodes
{
    // 3206-4-a, 3206-5-a, 2449-8.1.1-a, 2449-8.1.2-a
    [Theory]
    [InlineData("-ERR [SYS/TEMP] backend unavailable", "server", true)]
    [InlineData("-ERR [SYS/TEMP/DISK] backend unavailable", "server", true)]
    [InlineData("-ERR [SYS/PERM] no such maildrop", "server", false)]
    [InlineData("-ERR [IN-USE] locked", "mailbox-in-use", true)]
    [InlineData("-ERR [LOGIN-DELAY] too soon", "quota", true)]
    [InlineData("-ERR [AUTH] wrong password", "authentication", false)]
    [InlineData("-ERR [AUTH/EXPIRED] old password", "authentication", false)]
    public Task Each_code_means_what_RFC_3206_and_2449_say(string refusal, string alert, bool isTriedAgain) =>
        AssertAsync(refusal, alert, isTriedAgain, []);

    // 3206-6-a
    [Fact]
    public async Task Where_AUTH_is_announced_its_absence_says_that_the_credentials_are_right()
    {
        await AssertAsync("-ERR no", "server", isTriedAgain: true, []);
        await AssertAsync("-ERR no", "authentication", isTriedAgain: false, [Misbehaviour.Without("AUTH-RESP-CODE")]);
    }

    // 1939-4-d
    [Theory]
    [InlineData("-ERR maildrop already locked")]
    [InlineData("-ERR /var/spool/mail/.mrose.pop lock busy! Is another session active? (11)")]
    [InlineData("-ERR Unable to lock maildrop: Mailbox is locked by POP server")]
    [InlineData("-ERR Can't get lock. Mailbox in use")]
    public Task A_locked_maildrop_is_recognised_by_its_words_where_the_server_has_no_codes(string refusal) =>
        AssertAsync(refusal, "mailbox-in-use", isTriedAgain: true, [Misbehaviour.Without("AUTH-RESP-CODE"), Misbehaviour.Without("RESP-CODES")]);

    [Theory]
    [InlineData("-ERR account locked after too many attempts")]
    [InlineData("-ERR Mailbox locked: user suspended")]
    [InlineData("-ERR invalid password")]
    public Task A_locked_account_is_no_locked_maildrop(string refusal) =>
        AssertAsync(refusal, "authentication", isTriedAgain: false, [Misbehaviour.Without("AUTH-RESP-CODE"), Misbehaviour.Without("RESP-CODES")]);

    private static async Task AssertAsync(string refusal, string alert, bool isTriedAgain, Misbehaviour[] besides)
    {
        await using Rig rig = await Rig.StartAsync();
        EmailServerProfile profile = await rig.AddProfileAsync();
        Mailbox mailbox = await rig.AddMailboxAsync(profile);
        rig.Lab.Misbehave([Misbehaviour.RefuseSignIn(refusal), .. besides]);

        WorkOutcome outcome = await rig.Worker.RunAsync(mailbox.Id, Work.Receive, Rig.Timeout);

        Assert.Equal(alert, Assert.Single(await rig.AlertsAsync(AlertSubject.Of(mailbox.Id))).Code);
        Assert.Equal(isTriedAgain, outcome.Next?.NextPollAt is not null);
        Assert.Equal(isTriedAgain, (await rig.ReadAsync(mailbox)).State.EnabledForIncoming);
    }
}
