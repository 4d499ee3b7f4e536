using EmailSync.Protocols.Testing;
using EmailSync.Protocols.Wire;
using static EmailSync.Protocols.Pop3.Tests.Sessions;

namespace EmailSync.Protocols.Pop3.Tests.Ledger;

/// <summary>What CAPA is known not to list is not sent.</summary>
public sealed class Announced
{
    // 2595-4-a
    [Fact]
    public Task Stls_is_not_sent_where_it_is_known_to_be_missing() => Transcript.PlayAsync("S: +OK\nC: CAPA\nS: +OK\nS: USER\nS: .", async peer =>
    {
        await using Pop3Session session = await OpenAsync(peer);
        await session.CapabilitiesAsync();
        await Assert.ThrowsAsync<NotSupportedException>(async () => await session.StartTlsAsync(peer.UpgradeAsync));
        await Assert.ThrowsAsync<ConnectionLostException>(async () => await session.QuitAsync());
    });

    // 6856-2-a
    [Fact]
    public Task Utf8_is_not_sent_where_it_is_known_to_be_missing() => Transcript.PlayAsync(
        "S: +OK\nC: CAPA\nS: +OK\nS: USER\nS: .\nC: QUIT\nS: +OK", async peer =>
    {
        await using Pop3Session session = await OpenAsync(peer);
        await session.CapabilitiesAsync();
        await Assert.ThrowsAsync<NotSupportedException>(async () => await session.EnableUtf8Async());
        await session.QuitAsync();
    });
}
