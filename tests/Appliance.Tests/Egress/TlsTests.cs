using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EmailSync.Appliance.Egress;
using EmailSync.Appliance.Model;
using EmailSync.Lab;
using EmailSync.Protocols.Wire;
using Microsoft.Extensions.Time.Testing;

namespace EmailSync.Appliance.Tests.Egress;

/// <summary>Who the peer proves to be, and how each failure to prove it is told apart (C-01 to C-10).</summary>
public sealed class TlsTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory, InlineData("localhost"), InlineData("127.0.0.1"), InlineData("mail.lab.example")]
    public async Task A_peer_that_proves_its_name_is_spoken_to(string host)
    {
        using LabCertificateAuthority authority = new();
        await using TlsPeer peer = new(authority.Issue(LabCertificate.Valid, "mail.lab.example"));
        Secured watcher = new();

        await using Stream stream = await DialAsync(peer, host, authority.RootPem, watcher);

        byte[] greeting = new byte[5];
        await stream.ReadExactlyAsync(greeting, Cancel);
        Assert.Equal("+OK\r\n"u8, greeting);
        Assert.Equal("TLS 1.3", watcher.Facts!.Protocol);
        Assert.StartsWith("TLS_", watcher.Facts.CipherSuite, StringComparison.Ordinal);
        Assert.Equal(["localhost", "mail.lab.example", "127.0.0.1"], watcher.Facts.Certificate.Names);
        Assert.Equal(2, watcher.Facts.Certificate.ChainLength);
        Assert.Equal(64, watcher.Facts.Certificate.Sha256.Length);
    }

    [Theory]
    [InlineData(LabCertificate.SelfSigned, CertificateFault.Untrusted)]
    [InlineData(LabCertificate.Expired, CertificateFault.Expired)]
    [InlineData(LabCertificate.NotYetValid, CertificateFault.Expired)]
    [InlineData(LabCertificate.WrongName, CertificateFault.Name)]
    [InlineData(LabCertificate.CommonNameOnly, CertificateFault.Name)]
    public async Task Each_fault_has_its_own_name(LabCertificate kind, CertificateFault expected)
    {
        using LabCertificateAuthority authority = new();
        await using TlsPeer peer = new(authority.Issue(kind));

        CertificateException refused = await RefusedAsync(peer, "localhost", authority.RootPem);

        Assert.Equal(expected, refused.Fault);
        Assert.Contains("CN=localhost", refused.Facts!.Subject, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(LabCertificate.Valid), InlineData(LabCertificate.Expired), InlineData(LabCertificate.WrongName), InlineData(LabCertificate.SelfSigned)]
    public async Task Without_trust_nothing_else_that_the_certificate_says_counts(LabCertificate kind)
    {
        using LabCertificateAuthority authority = new();
        await using TlsPeer peer = new(authority.Issue(kind));

        Assert.Equal(CertificateFault.Untrusted, (await RefusedAsync(peer, "localhost", trusted: null)).Fault);
    }

    [Fact]
    public async Task A_wrong_name_is_answered_with_the_names_that_the_certificate_has()
    {
        using LabCertificateAuthority authority = new();
        await using TlsPeer peer = new(authority.Issue(LabCertificate.WrongName));

        CertificateException refused = await RefusedAsync(peer, "localhost", authority.RootPem);

        Assert.Equal($"The certificate of localhost:{peer.Port} (implicit TLS) is for somebody-else.example, not for localhost.", refused.Message);
    }

    [Fact]
    public async Task A_common_name_is_not_a_name()
    {
        using LabCertificateAuthority authority = new();
        await using TlsPeer peer = new(authority.Issue(LabCertificate.CommonNameOnly));

        CertificateException refused = await RefusedAsync(peer, "localhost", authority.RootPem);

        Assert.Contains("no host at all (it has no subject alternative name)", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_certificate_that_is_not_valid_yet_is_told_with_our_own_time()
    {
        using LabCertificateAuthority authority = new();
        await using TlsPeer peer = new(authority.Issue());
        FakeTimeProvider clock = new(DateTimeOffset.UtcNow.AddDays(-3));

        CertificateException refused = await RefusedAsync(peer, "localhost", authority.RootPem, clock);

        Assert.Equal(CertificateFault.Expired, refused.Fault);
        Assert.Contains("is not valid before", refused.Message, StringComparison.Ordinal);
        Assert.EndsWith($"this machine's clock says {clock.GetUtcNow():u}.", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Our_clock_decides_what_is_expired()
    {
        using LabCertificateAuthority authority = new();
        await using TlsPeer peer = new(authority.Issue(LabCertificate.Expired));

        await using Stream stream = await DialAsync(peer, "localhost", authority.RootPem, clock: new FakeTimeProvider(DateTimeOffset.UtcNow.AddDays(-3)));

        Assert.True(stream.CanRead);
    }

    [Fact]
    public async Task A_chain_with_an_intermediate_is_trusted_again_when_the_session_is_resumed_and_judged_again_without_its_root()
    {
        using X509Certificate2 root = Certificates.Root();
        using X509Certificate2 intermediate = Certificates.Intermediate(root);
        await using TlsPeer peer = new(Certificates.Leaf(intermediate), intermediate);
        for (int i = 0; i < 3; i++)
            await (await DialAsync(peer, Certificates.Host, root.ExportCertificatePem())).DisposeAsync();

        using X509Certificate2 other = Certificates.Root("Other Root");
        Assert.Equal(CertificateFault.Untrusted, (await RefusedAsync(peer, Certificates.Host, other.ExportCertificatePem())).Fault);
        Assert.Equal(CertificateFault.Untrusted, (await RefusedAsync(peer, Certificates.Host, trusted: null)).Fault);
    }

    [Fact]
    public async Task A_missing_intermediate_is_not_fetched_from_where_a_stranger_says()
    {
        using X509Certificate2 root = Certificates.Root();
        using X509Certificate2 intermediate = Certificates.Intermediate(root);
        await using TlsPeer peer = new(Certificates.Leaf(intermediate));

        Assert.Equal(CertificateFault.Untrusted, (await RefusedAsync(peer, Certificates.Host, root.ExportCertificatePem())).Fault);
    }

    [Fact]
    public async Task A_short_key_is_weak()
    {
        using X509Certificate2 root = Certificates.Root();
        using RSA shortKey = RSA.Create(2040);
        await using TlsPeer peer = new(Certificates.Leaf(root, shortKey));

        CertificateException refused = await RefusedAsync(peer, Certificates.Host, root.ExportCertificatePem());

        Assert.Equal(CertificateFault.Weak, refused.Fault);
        Assert.EndsWith("is weak: its RSA key has 2040 bits, and 2048 is the least.", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_issuer_with_a_short_key_is_weak()
    {
        using X509Certificate2 root = Certificates.Root();
        using RSA shortKey = RSA.Create(2040);
        using X509Certificate2 intermediate = Certificates.Intermediate(root, shortKey);
        await using TlsPeer peer = new(Certificates.Leaf(intermediate), intermediate);

        CertificateException refused = await RefusedAsync(peer, Certificates.Host, root.ExportCertificatePem());

        Assert.Equal(CertificateFault.Weak, refused.Fault);
        Assert.Contains("has an issuer, CN=Test Intermediate, that is weak", refused.Message, StringComparison.Ordinal);
    }

    [Theory, InlineData(false), InlineData(true)]
    public void A_signature_over_SHA_1_is_weak(bool pss)
    {
        // Judged without a handshake: OpenSSL's own server would not present such a certificate.
        using X509Certificate2 root = Certificates.Root();
        using X509Certificate2 leaf = Certificates.Leaf(root, signer: pss ? Certificates.PssWithSha1(root) : Certificates.RsaWithSha1(root));
        using X509Chain chain = new();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(root);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;

        Assert.True(chain.Build(leaf), "the platform lets it pass: " + string.Join(", ", chain.ChainStatus.Select(status => status.Status)));
        Assert.StartsWith("is weak: it is signed with", CertificateStrength.WhyWeak(chain), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_peer_that_speaks_no_TLS_is_a_failure_of_TLS()
    {
        await using TlsPeer peer = new(async (stream, cancellationToken) =>
        {
            await stream.WriteAsync("+OK POP3 server ready\r\n"u8.ToArray(), cancellationToken);
            await TlsPeer.HearAsync(stream, cancellationToken);
        });

        await Assert.ThrowsAsync<TlsException>(async () => await DialAsync(peer, "localhost", trusted: null));
    }

    [Fact]
    public async Task A_peer_that_leaves_during_the_handshake_is_a_failure_of_TLS()
    {
        await using TlsPeer peer = new(TlsPeer.HearAsync);

        await Assert.ThrowsAsync<TlsException>(async () => await DialAsync(peer, "localhost", trusted: null));
    }

    [Theory, InlineData(1), InlineData(2)]
    public async Task TLS_1_0_and_1_1_are_neither_offered_nor_taken(byte minor)
    {
        byte[] hello = [];
        await using TlsPeer peer = new(async (stream, cancellationToken) =>
        {
            hello = await TlsPeer.HearAsync(stream, cancellationToken);
            // ServerHello of TLS 1.0 or 1.1 with TLS_RSA_WITH_AES_128_CBC_SHA, RFC 4346 section 7.4.1.3
            byte[] serverHello = [2, 0, 0, 38, 3, minor, .. new byte[32], 0, 0, 0x2F, 0];
            await stream.WriteAsync((byte[])[22, 3, minor, 0, (byte)serverHello.Length, .. serverHello], cancellationToken);
            await TlsPeer.HearAsync(stream, cancellationToken);
        });

        TlsException refused = await Assert.ThrowsAsync<TlsException>(async () => await DialAsync(peer, "localhost", trusted: null));

        Assert.Contains("TLS 1.2 or later", refused.Message, StringComparison.Ordinal);
        byte[] supportedVersions = [0, 43, 0, 5, 4, 3, 4, 3, 3]; // RFC 8446 section 4.2.1: 1.3, 1.2
        Assert.True(hello.AsSpan().IndexOf(supportedVersions) >= 0);
    }

    [Fact]
    public async Task The_server_name_goes_out_as_an_A_label_without_a_trailing_dot()
    {
        byte[] hello = [];
        await using TlsPeer peer = new(async (stream, cancellationToken) => hello = await TlsPeer.HearAsync(stream, cancellationToken));

        await Assert.ThrowsAsync<TlsException>(async () => await DialAsync(peer, "BÜCHER.example.", trusted: null));

        byte[] serverName = [0, 0, 21, .. "xn--bcher-kva.example"u8]; // RFC 6066 section 3: the type of name, its length, itself
        Assert.True(hello.AsSpan().IndexOf(serverName) >= 0);
    }

    [Fact]
    public async Task A_handshake_that_never_comes_ends_with_the_routes_time()
    {
        FakeTimeProvider clock = new(DateTimeOffset.UtcNow);
        await using TlsPeer peer = new(async (stream, cancellationToken) =>
        {
            await TlsPeer.HearAsync(stream, cancellationToken);
            clock.Advance(TimeSpan.FromSeconds(30));
            await Task.Delay(Timeout.Infinite, cancellationToken);
        });

        TimeoutException exception = await Assert.ThrowsAsync<TimeoutException>(
            async () => await DialAsync(peer, "localhost", trusted: null, clock: clock));

        Assert.EndsWith("the time ran out during the TLS handshake.", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_upgrade_authenticates_the_peer_as_implicit_TLS_does()
    {
        using LabCertificateAuthority authority = new();
        await using TlsPeer peer = new(authority.Issue());
        Dialer dialer = new(TimeProvider.System);
        Route good = RouteTo(peer, "localhost", TlsMode.StartTls, authority.RootPem);
        Route bad = RouteTo(peer, "localhost", TlsMode.StartTls, trusted: null);

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

    private static async Task<CertificateException> RefusedAsync(TlsPeer peer, string host, string? trusted, TimeProvider? clock = null) =>
        await Assert.ThrowsAsync<CertificateException>(async () => await DialAsync(peer, host, trusted, clock: clock));

    private static async Task<Stream> DialAsync(
        TlsPeer peer, string host, string? trusted, IDialWatcher? watcher = null, TimeProvider? clock = null)
    {
        Dialer dialer = new(clock ?? TimeProvider.System, (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Loopback]));
        return await dialer.DialAsync(RouteTo(peer, host, TlsMode.Implicit, trusted), watcher, Cancel);
    }

    private static Route RouteTo(TlsPeer peer, string host, TlsMode security, string? trusted) => Route.Admit(
        EgressPolicy.ForTools(govMode: false), MailService.Pop3, new(HostName.Parse(host), peer.Port, security),
        new() { TrustedCertificates = trusted });

    private sealed class Secured : IDialWatcher
    {
        public TlsFacts? Facts { get; private set; }

        public void Resolved(IReadOnlyList<IPAddress> addresses)
        {
        }

        public void Connected(IPEndPoint endPoint)
        {
        }

        void IDialWatcher.Secured(TlsFacts facts) => Facts = facts;
    }
}
