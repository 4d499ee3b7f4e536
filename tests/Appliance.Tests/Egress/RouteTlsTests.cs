using EmailSync.Appliance.Egress;
using EmailSync.Appliance.Model;
using EmailSync.Lab;
using EmailSync.Protocols.Testing;
using EmailSync.Protocols.Wire;
using EmailSync.Protocols.Wire.Tls;
using Microsoft.Extensions.Time.Testing;

namespace EmailSync.Appliance.Tests.Egress;

/// <summary>A route decides how TLS is spoken along it, and how long that may take. What TLS itself asks is proven where it lives, in Protocols.Wire.</summary>
public sealed class RouteTlsTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task C_13_a_handshake_that_never_comes_ends_with_the_routes_time()
    {
        FakeTimeProvider clock = new(DateTimeOffset.UtcNow);
        await using TlsPeer peer = new(async (stream, cancellationToken) =>
        {
            await TlsPeer.HearAsync(stream, cancellationToken);
            clock.Advance(TimeSpan.FromSeconds(30));
            await Task.Delay(Timeout.Infinite, cancellationToken);
        });

        TimeoutException exception = await Assert.ThrowsAsync<TimeoutException>(
            async () => await new Dialer(clock).DialAsync(RouteTo(peer, TlsMode.Implicit, trusted: null), null, Cancel));

        Assert.EndsWith("the time ran out during the TLS handshake.", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_upgrade_authenticates_the_peer_as_implicit_TLS_does()
    {
        using LabCertificateAuthority authority = new();
        await using TlsPeer peer = new(authority.Issue());
        Dialer dialer = new(TimeProvider.System);
        Route good = RouteTo(peer, TlsMode.StartTls, authority.RootPem);
        Route bad = RouteTo(peer, TlsMode.StartTls, trusted: null);

        TlsUpgrade upgrade = dialer.UpgradeFor(good, null)!;
        await using Stream encrypted = await upgrade(await dialer.DialAsync(good, null, Cancel), Cancel);
        byte[] greeting = new byte[5];
        await encrypted.ReadExactlyAsync(greeting, Cancel);
        Assert.Equal("+OK\r\n"u8, greeting);

        upgrade = dialer.UpgradeFor(bad, null)!;
        Stream cleartext = await dialer.DialAsync(bad, null, Cancel);
        CertificateException refused = await Assert.ThrowsAsync<CertificateException>(async () => await upgrade(cleartext, Cancel));
        Assert.Equal(CertificateFault.Untrusted, refused.Fault);
        Assert.False(cleartext.CanRead); // nobody can go on in clear
    }

    [Fact]
    public void Gov_mode_speaks_only_the_strict_suites_and_must_know_revocation()
    {
        Assert.All(Routes(EgressPolicy.Government()), route => Assert.Equal((true, TlsOptions.StrictSuites), (route.ChecksRevocation, route.TlsOptions(TimeProvider.System).CipherSuites)));
        Assert.All(Routes(EgressPolicy.Commercial()), route => Assert.Equal((false, null), (route.ChecksRevocation, route.TlsOptions(TimeProvider.System).CipherSuites)));

        static Route[] Routes(EgressPolicy policy) =>
        [
            Route.Admit(policy, MailService.Pop3, new(HostName.Parse("mail.example.com"), 995, TlsMode.Implicit)),
            Route.Admit(policy, MailService.Submission, new(HostName.Parse("mail.example.com"), 465, TlsMode.Implicit)),
            Route.AdmitHttps(policy, new("https://login.example.com/token")),
        ];
    }

    /// <summary>The system fetches from where a certificate says, to any port and without a way to stop it: it is never asked.</summary>
    [Fact]
    public void The_system_fetches_nothing()
    {
        foreach (EgressPolicy policy in (EgressPolicy[])[EgressPolicy.Government(), EgressPolicy.Commercial(), EgressPolicy.ForTools(govMode: true)])
        {
            Route route = Route.Admit(policy, MailService.Pop3, new(HostName.Parse("mail.example.com"), 995, TlsMode.Implicit));
            Assert.Equal(RevocationCheck.None, route.TlsOptions(TimeProvider.System).Revocation);
        }
    }

    private static Route RouteTo(TlsPeer peer, TlsMode security, string? trusted) => Route.Admit(
        EgressPolicy.ForTools(govMode: false), MailService.Pop3, new(HostName.Parse("localhost"), peer.Port, security),
        new() { TrustedCertificates = trusted });
}
