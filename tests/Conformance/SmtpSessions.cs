using EmailSync.Protocols.Smtp;
using EmailSync.Protocols.Wire;
using EmailSync.Protocols.Wire.Sasl;

namespace EmailSync.Conformance;

/// <summary>A session of SMTP around its mail transactions: greeting, EHLO, STARTTLS, AUTH, the queries and QUIT.</summary>
public abstract class SmtpSessions(ISubmissionHost host)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_greets_and_says_what_it_can()
    {
        host.NewAccount();
        await using SmtpSession session = await host.OpenAsync(host.Lacks.ContainsKey(Ability.Tls) ? Encryption.None : Encryption.Implicit);
        ServiceExtensions offered = session.Extensions;

        Assert.Contains("PLAIN", offered.Mechanisms);
        host.Lacks.AssertOffered(Ability.Login, offered.Mechanisms.Contains("LOGIN"));
        host.Lacks.AssertOffered(Ability.CramMd5, offered.Mechanisms.Contains("CRAM-MD5"));
        host.Lacks.AssertOffered(Ability.Scram, offered.Mechanisms.Contains("SCRAM-SHA-256"));
        host.Lacks.AssertOffered(Ability.Pipelining, offered.HasPipelining);
        host.Lacks.AssertOffered(Ability.Chunking, offered.HasChunking);
        host.Lacks.AssertOffered(Ability.EightBitMime, offered.HasEightBitMime);
        host.Lacks.AssertOffered(Ability.SmtpUtf8, offered.HasSmtpUtf8);
        host.Lacks.AssertOffered(Ability.Dsn, offered.HasDsn);
        host.Lacks.AssertOffered(Ability.SizeLimit, offered.MaxSize is not null);
        await session.QuitAsync(Cancelled);
    }

    [Fact]
    public async Task In_clear_it_offers_tls_and_inside_no_more()
    {
        host.Lacks.Require(Ability.Tls);
        host.NewAccount();
        await using (SmtpSession clear = await host.OpenAsync(Encryption.None))
        {
            Assert.True(clear.Extensions.HasStartTls);
            await clear.QuitAsync(Cancelled);
        }

        await using SmtpSession upgraded = await host.OpenAsync(Encryption.Upgraded);
        Assert.True(upgraded.IsEncrypted);
        Assert.False(upgraded.Extensions.HasStartTls);
        await upgraded.QuitAsync(Cancelled);
    }

    [Theory]
    [InlineData("PLAIN", Encryption.Implicit, Ability.Tls)]
    [InlineData("PLAIN", Encryption.Upgraded, Ability.Tls)]
    [InlineData("LOGIN", Encryption.Upgraded, Ability.Login)]
    [InlineData("CRAM-MD5", Encryption.Implicit, Ability.CramMd5)]
    [InlineData("SCRAM-SHA-1", Encryption.Implicit, Ability.Scram)]
    [InlineData("SCRAM-SHA-256", Encryption.Upgraded, Ability.Scram)]
    public async Task By_sasl_and_with_a_wrong_password_not(string mechanism, Encryption encryption, Ability needed)
    {
        host.Lacks.Require(Ability.JudgesPasswords, needed);
        Account account = host.NewAccount();
        await using SmtpSession session = await host.OpenAsync(encryption);

        SmtpNegativeReplyException refused = await Assert.ThrowsAsync<SmtpNegativeReplyException>(
            async () => await session.AuthenticateAsync(Choose("wrong"), Cancelled));
        Assert.Equal((Phase.Auth, 535), (refused.Phase, refused.Reply.Code));

        await session.AuthenticateAsync(Choose(account.Password), Cancelled);
        await session.NoOpAsync(Cancelled);
        await session.QuitAsync(Cancelled);

        SaslMechanism Choose(string password) =>
            new MechanismSelection(mechanism).Choose(session.DescribeForSasl("localhost", 465), new(account.Name, new(password)));
    }

    [Fact]
    public async Task A_password_is_not_sent_in_clear_unless_that_is_allowed()
    {
        Account account = host.NewAccount();
        await using SmtpSession session = await host.OpenAsync(Encryption.None);

        await Assert.ThrowsAsync<EncryptionRequiredException>(
            async () => await session.AuthenticateAsync(new Plain(account.Name, new(account.Password)), Cancelled));

        await session.QuitAsync(Cancelled);
    }

    [Fact]
    public async Task It_answers_while_nothing_is_sent()
    {
        host.NewAccount();
        await using SmtpSession session = await host.OpenAsync(Encryption.None);

        Assert.Equal(250, (await session.NoOpAsync(Cancelled)).Code);
        await session.ResetAsync(Cancelled);
        Assert.Equal(250, (await session.NoOpAsync(Cancelled)).Code);
        await session.QuitAsync(Cancelled);
    }

    /// <summary>Whatever it says to a question, it is one reply, and the session goes on.</summary>
    [Fact]
    public async Task It_answers_questions_or_says_that_it_does_not()
    {
        host.Lacks.Require(Ability.Queries);
        Account account = host.NewAccount();
        await using SmtpSession session = await host.OpenAsync(Encryption.None);

        Assert.Contains((await session.VerifyAsync(account.Name, Cancelled)).Code, (int[])[250, 252, 500, 502]);
        Assert.Contains((await session.ExpandAsync("everybody", Cancelled)).Code, (int[])[500, 502, 550]);
        Assert.Contains((await session.HelpAsync(Cancelled)).Code, (int[])[214, 500, 502]);
        Assert.Equal(250, (await session.NoOpAsync(Cancelled)).Code);
        await session.QuitAsync(Cancelled);
    }
}
