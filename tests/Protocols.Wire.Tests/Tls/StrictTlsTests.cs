using System.Net.Security;
using System.Runtime.Versioning;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using EmailSync.Protocols.Testing;
using EmailSync.Protocols.Wire.Tls;

namespace EmailSync.Protocols.Wire.Tests.Tls;

/// <summary>What may be asked of TLS beyond the rest: only the listed suites, and revocation that is known.</summary>
public sealed class StrictTlsTests
{
    private const string SuitesNeedLinux = "Only on Linux does the platform let a process choose its suites.";

    public static bool IsLinux => OperatingSystem.IsLinux();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_certificate_whose_revocation_cannot_be_checked_is_refused()
    {
        using X509Certificate2 root = Certificates.Root();
        await using TlsPeer peer = new(Certificates.Leaf(root));

        CertificateException refused = await Assert.ThrowsAsync<CertificateException>(() => HandshakeAsync(peer, root));

        Assert.Equal(CertificateFault.Revoked, refused.Fault);
        Assert.Contains("could not be checked for revocation", refused.Message, StringComparison.Ordinal);
    }

    [Theory, InlineData(RevocationCheck.None), InlineData(RevocationCheck.WherePossible)]
    public async Task Where_revocation_need_not_be_known_it_is_taken(RevocationCheck revocation)
    {
        using X509Certificate2 root = Certificates.Root();
        await using TlsPeer peer = new(Certificates.Leaf(root));

        await using Stream stream = await HandshakeAsync(peer, root, revocation);

        Assert.True(stream.CanWrite);
    }

    [Fact]
    public async Task A_certificate_that_is_not_on_its_issuers_list_is_taken()
    {
        using X509Certificate2 root = Certificates.Root();
        CertificateRevocationListBuilder list = new();
        await using RevocationServer revocation = new(() => list.Build(
            root, 1, DateTimeOffset.UtcNow.AddDays(2), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1, DateTimeOffset.UtcNow.AddDays(-1)));
        await using TlsPeer peer = new(Certificates.Leaf(root, revocationList: revocation.Address));

        await using Stream stream = await HandshakeAsync(peer, root);

        Assert.True(stream.CanWrite);
    }

    [Theory, InlineData(RevocationCheck.Required), InlineData(RevocationCheck.WherePossible)]
    public async Task C_05_a_certificate_on_its_issuers_list_is_refused(RevocationCheck revocationCheck)
    {
        using X509Certificate2 root = Certificates.Root();
        CertificateRevocationListBuilder list = new();
        await using RevocationServer revocation = new(() => list.Build(
            root, 1, DateTimeOffset.UtcNow.AddDays(2), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1, DateTimeOffset.UtcNow.AddDays(-1)));
        using X509Certificate2 leaf = Certificates.Leaf(root, revocationList: revocation.Address);
        list.AddEntry(leaf, DateTimeOffset.UtcNow.AddHours(-1));
        await using TlsPeer peer = new(leaf);

        CertificateException refused = await Assert.ThrowsAsync<CertificateException>(() => HandshakeAsync(peer, root, revocationCheck));

        Assert.Equal(CertificateFault.Revoked, refused.Fault);
        Assert.Contains("was revoked", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task C_05_a_judge_of_ones_own_is_shown_the_chain_and_its_word_ends_the_connection_before_an_octet_is_said()
    {
        using X509Certificate2 root = Certificates.Root();
        using X509Certificate2 intermediate = Certificates.Intermediate(root);
        TaskCompletionSource<byte[]> heard = new();
        using X509Certificate2 leaf = Certificates.Leaf(intermediate);
        await using TlsPeer peer = new(async (stream, cancellationToken) =>
        {
            await using SslStream tls = new(stream);
            await tls.AuthenticateAsServerAsync(new() { ServerCertificateContext = SslStreamCertificateContext.Create(leaf, [intermediate], offline: true) }, cancellationToken);
            heard.SetResult(await TlsPeer.HearAsync(tls, cancellationToken));
        });
        string[] shown = [];

        CertificateException refused = await Assert.ThrowsAsync<CertificateException>(() => HandshakeAsync(peer, root, (chain, _) =>
        {
            shown = [.. chain.Select(certificate => certificate.Subject)];
            return ValueTask.FromResult<string?>("was revoked: I say so");
        }));

        Assert.Equal(["CN=mail.example.com", "CN=Test Intermediate", "CN=Test Root"], shown);
        Assert.Equal((CertificateFault.Revoked, "The certificate of mail.example.com was revoked: I say so."), (refused.Fault, refused.Message));
        Assert.Equal((3, PublicKeyPin.Of(leaf)), (refused.Facts!.ChainLength, refused.Facts.Pin));
        Assert.Empty(await heard.Task.WaitAsync(Cancel));
    }

    [Fact]
    public async Task A_judge_of_ones_own_is_not_asked_about_a_chain_that_is_refused_anyway()
    {
        using X509Certificate2 root = Certificates.Root();
        await using TlsPeer peer = new(Certificates.Leaf(root, name: "elsewhere.example.com"));
        bool isAsked = false;

        await Assert.ThrowsAsync<CertificateException>(() => HandshakeAsync(peer, root, (_, _) =>
        {
            isAsked = true;
            return ValueTask.FromResult<string?>(null);
        }));

        Assert.False(isAsked);
    }

    [Fact]
    public async Task A_judge_of_ones_own_that_takes_its_time_can_be_left()
    {
        using X509Certificate2 root = Certificates.Root();
        await using TlsPeer peer = new(Certificates.Leaf(root));
        using CancellationTokenSource leave = new();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => HandshakeAsync(peer, root, async (_, cancellationToken) =>
        {
            await leave.CancelAsync();
            await Task.Delay(Timeout.Infinite, cancellationToken);
            return null;
        }, leave.Token));
    }

    [Fact]
    public async Task Where_a_judge_of_ones_own_has_nothing_to_say_the_peer_is_taken()
    {
        using X509Certificate2 root = Certificates.Root();
        await using TlsPeer peer = new(Certificates.Leaf(root));

        await using Stream stream = await HandshakeAsync(peer, root, (_, _) => ValueTask.FromResult<string?>(null));

        Assert.True(stream.CanWrite);
    }

    [Fact(Skip = SuitesNeedLinux, SkipUnless = nameof(IsLinux)), SupportedOSPlatform("linux")]
    public async Task Only_the_listed_suites_are_offered()
    {
        byte[] hello = [];
        await using TlsPeer peer = new(async (stream, cancellationToken) => hello = await TlsPeer.HearAsync(stream, cancellationToken));
        using X509Certificate2 root = Certificates.Root();

        await Assert.ThrowsAsync<TlsException>(() => HandshakeAsync(peer, root));

        // Record header, handshake header, version, random; then the session id and the suites (RFC 8446 section 4.1.2).
        int sessionId = 5 + 4 + 2 + 32;
        int suites = sessionId + 1 + hello[sessionId];
        int length = (hello[suites] << 8) | hello[suites + 1];
        IEnumerable<TlsCipherSuite> offered = hello.AsSpan(suites + 2, length).ToArray().Chunk(2).Select(pair => (TlsCipherSuite)((pair[0] << 8) | pair[1]));
        const TlsCipherSuite RenegotiationSignal = (TlsCipherSuite)0x00FF; // RFC 5746, no suite
        Assert.Equal(
            [
                "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384",
                "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
                "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
            ],
            offered.Where(suite => suite != RenegotiationSignal).Select(suite => suite.ToString()).Order(StringComparer.Ordinal));
    }

    [Fact(Skip = SuitesNeedLinux, SkipUnless = nameof(IsLinux)), SupportedOSPlatform("linux")]
    public async Task A_server_with_other_suites_only_is_refused()
    {
        using X509Certificate2 root = Certificates.Root();
        await using TlsPeer peer = new(new SslServerAuthenticationOptions
        {
            ServerCertificate = Certificates.Leaf(root),
            EnabledSslProtocols = SslProtocols.Tls12,
            CipherSuitesPolicy = new([TlsCipherSuite.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256]),
        });

        await Assert.ThrowsAsync<TlsException>(() => HandshakeAsync(peer, root));
    }

    private static async Task<Stream> HandshakeAsync(TlsPeer peer, X509Certificate2 root, RevocationCheck revocation = RevocationCheck.Required) =>
        await new TlsClient(Certificates.Host, new() { TrustedRoots = [root], Revocation = revocation, CipherSuites = TlsOptions.StrictSuites })
            .AuthenticateAsync(await peer.ConnectAsync(Cancel), Cancel);

    private static async Task<Stream> HandshakeAsync(
        TlsPeer peer, X509Certificate2 root, Func<IReadOnlyList<X509Certificate2>, CancellationToken, ValueTask<string?>> judge, CancellationToken? cancel = null) =>
        await new TlsClient(Certificates.Host, new() { TrustedRoots = [root], JudgeRevocation = judge })
            .AuthenticateAsync(await peer.ConnectAsync(Cancel), cancel ?? Cancel);

    /// <summary>Hands out one revocation list over HTTP.</summary>
    private sealed class RevocationServer : IAsyncDisposable
    {
        private readonly TlsPeer _http;
        // The platform keeps lists by their address: each test has its own.
        private readonly Guid _name = Guid.NewGuid();

        public RevocationServer(Func<byte[]> list) => _http = new(async (stream, cancellationToken) =>
        {
            await TlsPeer.HearAsync(stream, cancellationToken);
            byte[] content = list();
            await stream.WriteAsync(
                Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Type: application/pkix-crl\r\nContent-Length: {content.Length}\r\nConnection: close\r\n\r\n"),
                cancellationToken);
            await stream.WriteAsync(content, cancellationToken);
        });

        public Uri Address => new($"http://127.0.0.1:{_http.Port}/{_name:N}.crl");

        public ValueTask DisposeAsync() => _http.DisposeAsync();
    }
}
