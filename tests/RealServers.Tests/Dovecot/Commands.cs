using System.Text;
using EmailSync.Protocols.Pop3;
using EmailSync.RealServers.Tests.Servers;

namespace EmailSync.RealServers.Tests.Dovecot;

/// <summary>The commands of RFC 1939 and CAPA, against a server that is not ours.</summary>
public sealed class Commands(MailServers servers)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Capabilities()
    {
        servers.Require();
        await using Pop3Session session = await servers.Dovecot.OpenAsync();
        Pop3Capabilities offered = session.Capabilities!;

        Assert.True(offered is
        {
            HasTop: true, HasUniqueIds: true, HasUser: true, HasPipelining: true, HasResponseCodes: true, HasAuthResponseCode: true,
            HasStartTls: false,
        });
        Assert.Superset(
            new HashSet<string> { "CRAM-MD5", "LOGIN", "PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-256", "XOAUTH2", "OAUTHBEARER", "EXTERNAL" },
            offered.SaslMechanisms!.ToHashSet());
    }

    [Fact]
    public async Task A_maildrop_is_listed()
    {
        MailAccount account = servers.NewAccount();
        account.Deliver("1", Lines("Subject: one", "", "body"));
        account.Deliver("2", Lines("Subject: two", "", ".", "..two lines"));
        await using Maildrop maildrop = await servers.Dovecot.OpenMaildropAsync(account);

        List<ScanListing> sizes = await maildrop.ListAsync(Cancelled).ToListAsync(Cancelled);
        Assert.Equal([new(1, 22), new(2, 32)], sizes);
        Assert.Equal(new DropListing(2, 54), await maildrop.StatAsync(Cancelled));
        Assert.Equal(sizes[1], await maildrop.ListAsync(2, Cancelled));

        List<UniqueIdListing> uniqueIds = await maildrop.ListUniqueIdsAsync(Cancelled).ToListAsync(Cancelled);
        Assert.Equal([1, 2], uniqueIds.Select(listing => listing.MessageNumber));
        Assert.All(uniqueIds, listing => Assert.True(listing.IsConforming));
        Assert.NotEqual(uniqueIds[0].UniqueId, uniqueIds[1].UniqueId);
        Assert.Equal(uniqueIds[1], await maildrop.UniqueIdAsync(2, Cancelled));
        await maildrop.QuitAsync(Cancelled);
    }

    [Fact]
    public async Task Top_brings_the_header_and_as_many_lines_as_asked_for()
    {
        MailAccount account = servers.NewAccount();
        account.Deliver("1", Lines("Subject: top", "", ".first", "second", "third"));
        await using Maildrop maildrop = await servers.Dovecot.OpenMaildropAsync(account);
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
        MailAccount account = servers.NewAccount();
        for (int number = 1; number <= 5; number++)
            account.Deliver($"{number}", Lines($"Subject: {number}", ""));

        await using (Maildrop maildrop = await servers.Dovecot.OpenMaildropAsync(account))
        {
            await maildrop.DeleteAsync(1, Cancelled);
            await maildrop.ResetAsync(Cancelled);
            Assert.Equal(5, (await maildrop.StatAsync(Cancelled)).Messages);
            IReadOnlyList<RefusedDeletion> refused = await maildrop.DeleteAsync([2, 4, 2, 9], Cancelled);
            Assert.Equal([2, 9], refused.Select(refusal => refusal.MessageNumber));
            Assert.Equal([1, 3, 5], (await maildrop.ListAsync(Cancelled).ToListAsync(Cancelled)).Select(listing => listing.MessageNumber));
        }

        // That session was dropped without QUIT, so its marks were void (RFC 1939 section 6).
        await using (Maildrop maildrop = await servers.Dovecot.OpenMaildropAsync(account))
        {
            Assert.Equal(5, (await maildrop.StatAsync(Cancelled)).Messages);
            Assert.Empty(await maildrop.DeleteAsync([2, 4], Cancelled));
            await maildrop.NoOpAsync(Cancelled);
            await maildrop.QuitAsync(Cancelled);
        }

        Assert.Equal(["1", "3", "5"], account.Files.Select(file => Path.GetFileName(file).Split(':')[0]).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_message_that_is_not_there_is_that_commands_trouble_only()
    {
        MailAccount account = servers.NewAccount();
        account.Deliver("1", Lines("Subject: one", ""));
        await using Maildrop maildrop = await servers.Dovecot.OpenMaildropAsync(account);

        await Assert.ThrowsAsync<Pop3NegativeResponseException>(async () => await maildrop.RetrieveAsync(2, Stream.Null, cancellationToken: Cancelled));
        await Assert.ThrowsAsync<Pop3NegativeResponseException>(async () => await maildrop.ListAsync(2, Cancelled));
        await Assert.ThrowsAsync<Pop3NegativeResponseException>(async () => await maildrop.UniqueIdAsync(2, Cancelled));

        Assert.Equal(16, await maildrop.RetrieveAsync(1, Stream.Null, cancellationToken: Cancelled));
        await maildrop.QuitAsync(Cancelled);
    }

    private static byte[] Lines(params string[] lines) => Encoding.UTF8.GetBytes(string.Concat(lines.Select(line => line + "\r\n")));
}
