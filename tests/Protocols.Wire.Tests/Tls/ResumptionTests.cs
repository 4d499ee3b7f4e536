using System.Net.Security;
using EmailSync.Lab;
using EmailSync.Protocols.Testing;
using EmailSync.Protocols.Wire.Tls;
using Microsoft.Extensions.Time.Testing;

namespace EmailSync.Protocols.Wire.Tests.Tls;

/// <summary>Hosts that end handshakes which resume a session are met without, once that is known.</summary>
public sealed class ResumptionTests : IDisposable
{
    // A fatal alert, internal_error: what OpenSSL answers without a session id context (RFC 8446 section 6.2).
    private static readonly byte[] Alert = [21, 3, 3, 0, 2, 2, 80];

    private readonly LabCertificateAuthority _authority = new();
    private readonly FakeTimeProvider _clock = new(DateTimeOffset.UtcNow);
    // One that no other test shares its sessions with.
    private readonly string _host = $"{Guid.NewGuid():N}.example";
    private bool _refuses;
    private bool _isSilent;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_handshake_that_is_ended_is_worth_another_which_does_not_resume(bool withAnAlert)
    {
        await using TlsPeer peer = Peer();
        TlsClient client = Client();
        Assert.True(await OffersResumptionAsync(peer, client, times: 2));

        (_refuses, _isSilent) = (true, !withAnAlert);
        TlsException refused = await Assert.ThrowsAsync<TlsException>(() => HandshakeAsync(peer, client));
        _refuses = false;

        Assert.True(refused.IsResumptionSuspected);
        Assert.False(await OffersResumptionAsync(peer, client, times: 1));
        // It helped, so it stays so for an hour.
        _clock.Advance(ResumptionMemory.Span - TimeSpan.FromSeconds(1));
        Assert.False(await OffersResumptionAsync(peer, client, times: 3));
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.True(await OffersResumptionAsync(peer, client, times: 2));
    }

    [Fact]
    public async Task Where_another_without_resumption_is_refused_as_well_the_reason_was_another()
    {
        await using TlsPeer peer = Peer();
        TlsClient client = Client();
        await OffersResumptionAsync(peer, client, times: 2);

        _refuses = true;
        Assert.True((await Assert.ThrowsAsync<TlsException>(() => HandshakeAsync(peer, client))).IsResumptionSuspected);
        Assert.False((await Assert.ThrowsAsync<TlsException>(() => HandshakeAsync(peer, client))).IsResumptionSuspected);
        Assert.False((await Assert.ThrowsAsync<TlsException>(() => HandshakeAsync(peer, client))).IsResumptionSuspected);
        _refuses = false;

        Assert.True(await OffersResumptionAsync(peer, client, times: 2));
    }

    [Fact]
    public async Task A_first_handshake_that_is_refused_resumed_nothing()
    {
        await using TlsPeer peer = Peer();
        _refuses = true;

        TlsException refused = await Assert.ThrowsAsync<TlsException>(() => HandshakeAsync(peer, Client()));

        Assert.False(refused.IsResumptionSuspected);
    }

    [Fact]
    public async Task One_memory_serves_many_clients_and_another_knows_nothing_of_it()
    {
        await using TlsPeer peer = Peer();
        ResumptionMemory memory = new();
        await OffersResumptionAsync(peer, Client(memory), times: 2);
        _refuses = true;
        await Assert.ThrowsAsync<TlsException>(() => HandshakeAsync(peer, Client(memory)));
        _refuses = false;

        Assert.False(await OffersResumptionAsync(peer, Client(memory), times: 1));
        Assert.True(await OffersResumptionAsync(peer, Client(), times: 2));
    }

    public void Dispose() => _authority.Dispose();

    private TlsClient Client(ResumptionMemory? memory = null) =>
        new(_host, new() { TrustedRoots = [_authority.Root], Clock = _clock, Resumption = memory ?? new() });

    private TlsPeer Peer()
    {
        SslServerAuthenticationOptions options = new()
        {
            ServerCertificateContext = SslStreamCertificateContext.Create(_authority.Issue(LabCertificate.Valid, _host), null, offline: true),
        };
        return new(async (stream, cancellationToken) =>
        {
            if (_refuses)
            {
                await TlsPeer.HearAsync(stream, cancellationToken);
                if (!_isSilent)
                    await stream.WriteAsync(Alert, cancellationToken);
                return;
            }
            await using SslStream tls = new(stream);
            await tls.AuthenticateAsServerAsync(options, cancellationToken);
            await tls.WriteAsync("+OK\r\n"u8.ToArray(), cancellationToken);
            await TlsPeer.HearAsync(tls, cancellationToken);
        });
    }

    private static async Task HandshakeAsync(TlsPeer peer, TlsClient client)
    {
        await using SslStream stream = await client.AuthenticateAsync(
            await peer.ConnectAsync(TestContext.Current.CancellationToken), TestContext.Current.CancellationToken);
        await stream.ReadExactlyAsync(new byte[5], TestContext.Current.CancellationToken); // the ticket comes with it
    }

    /// <summary>Shakes hands that often; whether the last one offered to resume a session (pre_shared_key, RFC 8446 section 4.2.11).</summary>
    private static async Task<bool> OffersResumptionAsync(TlsPeer peer, TlsClient client, int times)
    {
        bool offers = false;
        for (; times > 0; times--)
        {
            await using HelloRecorder stream = new(await peer.ConnectAsync(TestContext.Current.CancellationToken));
            await using SslStream tls = await client.AuthenticateAsync(stream, TestContext.Current.CancellationToken);
            await tls.ReadExactlyAsync(new byte[5], TestContext.Current.CancellationToken);
            offers = stream.Extensions.Contains(41);
        }
        return offers;
    }
}
