using System.Text;
using EmailSync.Protocols.Pop3;
using EmailSync.Protocols.Wire.Sasl;

namespace EmailSync.Conformance;

/// <summary>The commands of RFC 1939, and CAPA (RFC 2449).</summary>
public abstract class Pop3Commands(IMaildropHost host)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_greets_and_says_what_it_can()
    {
        host.NewAccount();
        await using Pop3Session session = await host.OpenAsync(Encryption.Implicit);

        Pop3Capabilities offered = (await session.CapabilitiesAsync(Cancelled))!;

        Assert.True(offered is { HasTop: true, HasUniqueIds: true, HasUser: true, HasPipelining: true, HasResponseCodes: true, HasStartTls: false });
        Assert.Contains("PLAIN", offered.SaslMechanisms!);
        host.Lacks.AssertOffered(Ability.Login, offered.SaslMechanisms!.Contains("LOGIN"));
        host.Lacks.AssertOffered(Ability.CramMd5, offered.SaslMechanisms!.Contains("CRAM-MD5"));
        host.Lacks.AssertOffered(Ability.Scram, offered.SaslMechanisms!.Contains("SCRAM-SHA-256"));
        host.Lacks.AssertOffered(Ability.Utf8, offered.HasUtf8);
        await session.QuitAsync(Cancelled);
    }

    [Fact]
    public async Task In_clear_it_offers_tls_and_inside_no_more()
    {
        host.NewAccount();
        await using (Pop3Session clear = await host.OpenAsync(Encryption.None))
        {
            Assert.True((await clear.CapabilitiesAsync(Cancelled))!.HasStartTls);
            await clear.QuitAsync(Cancelled);
        }

        await using Pop3Session upgraded = await host.OpenAsync(Encryption.Upgraded);
        Assert.False((await upgraded.CapabilitiesAsync(Cancelled))!.HasStartTls);
        await upgraded.QuitAsync(Cancelled);
    }

    [Fact]
    public async Task A_maildrop_is_listed()
    {
        Account account = host.NewAccount();
        host.Deliver(account, Lines("Subject: one", "", "body"));
        host.Deliver(account, Lines("Subject: two", "", ".", "..two lines"));
        await using Maildrop maildrop = await OpenMaildropAsync(account);

        List<ScanListing> sizes = await maildrop.ListAsync(Cancelled).ToListAsync(Cancelled);
        Assert.Equal([new(1, 22), new(2, 32)], sizes);
        Assert.Equal(new DropListing(2, 54), await maildrop.StatAsync(Cancelled));
        Assert.Equal(sizes[1], await maildrop.ListAsync(2, Cancelled));

        List<UniqueIdListing> uniqueIds = await maildrop.ListUniqueIdsAsync(Cancelled).ToListAsync(Cancelled);
        Assert.Equal([1, 2], uniqueIds.Select(listing => listing.MessageNumber));
        Assert.All(uniqueIds, listing => Assert.True(listing.IsConforming));
        Assert.NotEqual(uniqueIds[0].UniqueId, uniqueIds[1].UniqueId);
        Assert.Equal(uniqueIds[1], await maildrop.UniqueIdAsync(2, Cancelled));
        Assert.NotNull(await maildrop.CapabilitiesAsync(Cancelled));
        await maildrop.QuitAsync(Cancelled);
    }

    [Fact]
    public async Task An_empty_maildrop_is_listed()
    {
        await using Maildrop maildrop = await OpenMaildropAsync(host.NewAccount());

        Assert.Equal(new DropListing(0, 0), await maildrop.StatAsync(Cancelled));
        Assert.Empty(await maildrop.ListAsync(Cancelled).ToListAsync(Cancelled));
        Assert.Empty(await maildrop.ListUniqueIdsAsync(Cancelled).ToListAsync(Cancelled));
        await maildrop.QuitAsync(Cancelled);
    }

    [Fact]
    public async Task A_unique_id_stays_from_session_to_session()
    {
        Account account = host.NewAccount();
        host.Deliver(account, Lines("Subject: one", ""));
        UniqueIdListing first;
        await using (Maildrop maildrop = await OpenMaildropAsync(account))
        {
            first = await maildrop.UniqueIdAsync(1, Cancelled);
            await maildrop.QuitAsync(Cancelled);
        }

        host.Deliver(account, Lines("Subject: two", ""));
        await using Maildrop again = await OpenMaildropAsync(account);
        Assert.Equal(first, await again.UniqueIdAsync(1, Cancelled));
        await again.QuitAsync(Cancelled);
    }

    [Fact]
    public async Task Top_brings_the_header_and_as_many_lines_as_asked_for()
    {
        Account account = host.NewAccount();
        host.Deliver(account, Lines("Subject: top", "", ".first", "second", "third"));
        await using Maildrop maildrop = await OpenMaildropAsync(account);
        using MemoryStream header = new();
        using MemoryStream two = new();

        await maildrop.TopAsync(1, 0, header, cancellationToken: Cancelled);
        await maildrop.TopAsync(1, 2, two, cancellationToken: Cancelled);

        Assert.Equal(Lines("Subject: top", ""), header.ToArray());
        Assert.Equal(Lines("Subject: top", "", ".first", "second"), two.ToArray());
        await maildrop.QuitAsync(Cancelled);
    }

    [Fact]
    public async Task What_is_marked_goes_at_quit_and_not_before()
    {
        Account account = host.NewAccount();
        for (int number = 1; number <= 5; number++)
            host.Deliver(account, Lines($"Subject: {number}", ""));

        await using (Maildrop maildrop = await OpenMaildropAsync(account))
        {
            await maildrop.DeleteAsync(1, Cancelled);
            await maildrop.ResetAsync(Cancelled);
            Assert.Equal(5, (await maildrop.StatAsync(Cancelled)).Messages);
            IReadOnlyList<RefusedDeletion> refused = await maildrop.DeleteAsync([2, 4, 2, 9], Cancelled);
            Assert.Equal([2, 9], refused.Select(refusal => refusal.MessageNumber));
            Assert.Equal([1, 3, 5], (await maildrop.ListAsync(Cancelled).ToListAsync(Cancelled)).Select(listing => listing.MessageNumber));
        }

        // That session was dropped without QUIT, so its marks were void (RFC 1939 section 6).
        await using (Maildrop maildrop = await OpenMaildropAsync(account))
        {
            Assert.Equal(5, (await maildrop.StatAsync(Cancelled)).Messages);
            Assert.Empty(await maildrop.DeleteAsync([2, 4], Cancelled));
            await maildrop.NoOpAsync(Cancelled);
            await maildrop.QuitAsync(Cancelled);
        }

        Assert.Equal(3, host.CountOf(account));
    }

    [Fact]
    public async Task A_message_that_is_not_there_is_that_commands_trouble_only()
    {
        Account account = host.NewAccount();
        host.Deliver(account, Lines("Subject: one", ""));
        await using Maildrop maildrop = await OpenMaildropAsync(account);

        await Assert.ThrowsAsync<Pop3NegativeResponseException>(async () => await maildrop.RetrieveAsync(2, Stream.Null, cancellationToken: Cancelled));
        await Assert.ThrowsAsync<Pop3NegativeResponseException>(async () => await maildrop.TopAsync(2, 0, Stream.Null, cancellationToken: Cancelled));
        await Assert.ThrowsAsync<Pop3NegativeResponseException>(async () => await maildrop.ListAsync(2, Cancelled));
        await Assert.ThrowsAsync<Pop3NegativeResponseException>(async () => await maildrop.UniqueIdAsync(2, Cancelled));
        await Assert.ThrowsAsync<Pop3NegativeResponseException>(async () => await maildrop.DeleteAsync(2, Cancelled));

        Assert.Equal(16, await maildrop.RetrieveAsync(1, Stream.Null, cancellationToken: Cancelled));
        await maildrop.QuitAsync(Cancelled);
    }

    [Fact]
    public async Task Utf8_is_asked_for_where_it_is_offered()
    {
        host.Lacks.Require(Ability.Utf8);
        Account account = host.NewAccount();
        await using Pop3Session session = await host.OpenAsync(Encryption.Implicit);
        await session.CapabilitiesAsync(Cancelled);

        await session.EnableUtf8Async(Cancelled);

        await using Maildrop maildrop = await session.AuthenticateAsync(new Plain(account.Name, new(account.Password)), Cancelled);
        await maildrop.QuitAsync(Cancelled);
    }

    private Task<Maildrop> OpenMaildropAsync(Account account) => Maildrops.OpenAsync(host, account);

    private static byte[] Lines(params string[] lines) => Encoding.UTF8.GetBytes(string.Concat(lines.Select(line => line + "\r\n")));
}
