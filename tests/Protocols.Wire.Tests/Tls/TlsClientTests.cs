using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EmailSync.Lab;
using EmailSync.Protocols.Testing;
using EmailSync.Protocols.Wire.Tls;
using Microsoft.Extensions.Time.Testing;

namespace EmailSync.Protocols.Wire.Tests.Tls;

/// <summary>Who the peer proves to be, and how each failure to prove it is told apart (C-01 to C-10).</summary>
public sealed class TlsClientTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory, InlineData("localhost"), InlineData("127.0.0.1"), InlineData("mail.lab.example")]
    public async Task A_peer_that_proves_its_name_is_spoken_to(string host)
    {
        using LabCertificateAuthority authority = new();
        await using TlsPeer peer = new(authority.Issue(LabCertificate.Valid, "mail.lab.example"));
        TlsFacts? facts = null;

        await using Stream stream = await ConnectAsync(peer, host, Trusting(authority.Root) with { Secured = known => facts = known });

        byte[] greeting = new byte[5];
        await stream.ReadExactlyAsync(greeting, Cancel);
        Assert.Equal("+OK\r\n"u8, greeting);
        Assert.Equal("TLS 1.3", facts!.Protocol);
        Assert.StartsWith("TLS_", facts.CipherSuite, StringComparison.Ordinal);
        Assert.Equal(["localhost", "mail.lab.example", "127.0.0.1"], facts.Certificate.Names);
        Assert.Equal(2, facts.Certificate.ChainLength);
        Assert.Equal(64, facts.Certificate.Sha256.Length);
    }

    [Theory]
    [InlineData(LabCertificate.SelfSigned, CertificateFault.Untrusted)]
    [InlineData(LabCertificate.Expired, CertificateFault.Expired)]
    [InlineData(LabCertificate.NotYetValid, CertificateFault.Expired)]
    [InlineData(LabCertificate.WrongName, CertificateFault.Name)]
    [InlineData(LabCertificate.CommonNameOnly, CertificateFault.Name)]
    public async Task C_01_each_fault_has_its_own_name(LabCertificate kind, CertificateFault expected)
    {
        using LabCertificateAuthority authority = new();
        await using TlsPeer peer = new(authority.Issue(kind));

        CertificateException refused = await RefusedAsync(peer, "localhost", Trusting(authority.Root));

        Assert.Equal(expected, refused.Fault);
        Assert.Contains("CN=localhost", refused.Facts!.Subject, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(LabCertificate.Valid), InlineData(LabCertificate.Expired), InlineData(LabCertificate.WrongName), InlineData(LabCertificate.SelfSigned)]
    public async Task Without_trust_nothing_else_that_the_certificate_says_counts(LabCertificate kind)
    {
        using LabCertificateAuthority authority = new();
        await using TlsPeer peer = new(authority.Issue(kind));

        Assert.Equal(CertificateFault.Untrusted, (await RefusedAsync(peer, "localhost", new())).Fault);
    }

    // Clients in C took the name to end where the NUL is (CVE-2009-2666).
    [Theory]
    [InlineData("mail.example.com\0.evil.example", "mail.example.com\\x00.evil.example")]
    [InlineData("mail.example.com\0", "mail.example.com\\x00")]
    [InlineData("\0mail.example.com", "\\x00mail.example.com")]
    [InlineData("mail.example.com\r\nX: y", "mail.example.com\\x0D\\x0AX: y")]
    [InlineData("mail.example.com\u001B[2J", "mail.example.com\\x1B[2J")]
    [InlineData("mail.example.com.", "mail.example.com.")]
    public async Task C_04_a_name_with_odd_characters_is_compared_whole_and_shown_as_data(string name, string shown)
    {
        using X509Certificate2 root = Certificates.Root();
        using X509Certificate2 certificate = Certificates.Leaf(root, name: name);
        await using TlsPeer peer = new(certificate);

        CertificateException refused = await RefusedAsync(peer, Certificates.Host, Trusting(root));

        Assert.Equal(CertificateFault.Name, refused.Fault);
        Assert.DoesNotContain(refused.Message, char.IsControl);
        Assert.Contains(shown, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_name_is_answered_with_the_names_that_the_certificate_has()
    {
        using LabCertificateAuthority authority = new();
        await using TlsPeer peer = new(authority.Issue(LabCertificate.WrongName));

        CertificateException refused = await RefusedAsync(peer, "localhost", Trusting(authority.Root));

        Assert.Equal("The certificate of localhost is for somebody-else.example, not for localhost.", refused.Message);
    }

    [Fact]
    public async Task C_02_a_common_name_is_not_a_name()
    {
        using LabCertificateAuthority authority = new();
        await using TlsPeer peer = new(authority.Issue(LabCertificate.CommonNameOnly));

        CertificateException refused = await RefusedAsync(peer, "localhost", Trusting(authority.Root));

        Assert.Contains("no host at all (it has no subject alternative name)", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task N_08_a_certificate_that_is_not_valid_yet_is_told_with_our_own_time()
    {
        using LabCertificateAuthority authority = new();
        await using TlsPeer peer = new(authority.Issue());
        FakeTimeProvider clock = new(DateTimeOffset.UtcNow.AddDays(-3));

        CertificateException refused = await RefusedAsync(peer, "localhost", Trusting(authority.Root) with { Clock = clock });

        Assert.Equal(CertificateFault.Expired, refused.Fault);
        Assert.Contains("is not valid before", refused.Message, StringComparison.Ordinal);
        Assert.EndsWith($"this machine's clock says {clock.GetUtcNow():u}.", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Our_clock_decides_what_is_expired()
    {
        using LabCertificateAuthority authority = new();
        await using TlsPeer peer = new(authority.Issue(LabCertificate.Expired));

        await using Stream stream = await ConnectAsync(peer, "localhost", Trusting(authority.Root) with { Clock = new FakeTimeProvider(DateTimeOffset.UtcNow.AddDays(-3)) });

        Assert.True(stream.CanRead);
    }

    [Fact]
    public async Task C_11_a_chain_with_an_intermediate_is_trusted_again_when_the_session_is_resumed_and_judged_again_without_its_root()
    {
        using X509Certificate2 root = Certificates.Root();
        using X509Certificate2 intermediate = Certificates.Intermediate(root);
        await using TlsPeer peer = new(Certificates.Leaf(intermediate), intermediate);
        for (int i = 0; i < 3; i++)
            await (await ConnectAsync(peer, Certificates.Host, Trusting(root))).DisposeAsync();

        using X509Certificate2 other = Certificates.Root("Other Root");
        Assert.Equal(CertificateFault.Untrusted, (await RefusedAsync(peer, Certificates.Host, Trusting(other))).Fault);
        Assert.Equal(CertificateFault.Untrusted, (await RefusedAsync(peer, Certificates.Host, new())).Fault);
    }

    [Fact]
    public async Task A_missing_intermediate_is_not_fetched_from_where_a_stranger_says()
    {
        using X509Certificate2 root = Certificates.Root();
        using X509Certificate2 intermediate = Certificates.Intermediate(root);
        await using TlsPeer peer = new(Certificates.Leaf(intermediate));

        Assert.Equal(CertificateFault.Untrusted, (await RefusedAsync(peer, Certificates.Host, Trusting(root))).Fault);
    }

    [Fact]
    public async Task C_03_a_short_key_is_weak()
    {
        using X509Certificate2 root = Certificates.Root();
        using RSA shortKey = RSA.Create(2040);
        await using TlsPeer peer = new(Certificates.Leaf(root, shortKey));

        CertificateException refused = await RefusedAsync(peer, Certificates.Host, Trusting(root));

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

        CertificateException refused = await RefusedAsync(peer, Certificates.Host, Trusting(root));

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

        await Assert.ThrowsAsync<TlsException>(async () => await ConnectAsync(peer, "localhost", new()));
    }

    [Fact]
    public async Task A_peer_that_leaves_during_the_handshake_is_a_failure_of_TLS()
    {
        await using TlsPeer peer = new(TlsPeer.HearAsync);

        await Assert.ThrowsAsync<TlsException>(async () => await ConnectAsync(peer, "localhost", new()));
    }

    [Theory, InlineData(1), InlineData(2)]
    public async Task C_08_TLS_1_0_and_1_1_are_neither_offered_nor_taken(byte minor)
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

        TlsException refused = await Assert.ThrowsAsync<TlsException>(async () => await ConnectAsync(peer, "localhost", new()));

        Assert.Contains("TLS 1.2 or later", refused.Message, StringComparison.Ordinal);
        byte[] supportedVersions = [0, 43, 0, 5, 4, 3, 4, 3, 3]; // RFC 8446 section 4.2.1: 1.3, 1.2
        Assert.True(hello.AsSpan().IndexOf(supportedVersions) >= 0);
    }

    [Fact]
    public async Task C_14_the_server_name_goes_out_as_an_A_label_without_a_trailing_dot()
    {
        byte[] hello = [];
        await using TlsPeer peer = new(async (stream, cancellationToken) => hello = await TlsPeer.HearAsync(stream, cancellationToken));

        await Assert.ThrowsAsync<TlsException>(async () => await ConnectAsync(peer, "BÜCHER.example.", new()));

        byte[] serverName = [0, 0, 21, .. "xn--bcher-kva.example"u8]; // RFC 6066 section 3: the type of name, its length, itself
        Assert.True(hello.AsSpan().IndexOf(serverName) >= 0);
    }

    [Fact]
    public async Task An_address_is_proven_but_not_sent_as_a_server_name()
    {
        byte[] hello = [];
        await using TlsPeer peer = new(async (stream, cancellationToken) => hello = await TlsPeer.HearAsync(stream, cancellationToken));

        await Assert.ThrowsAsync<TlsException>(async () => await ConnectAsync(peer, "[127.0.0.1]", new()));

        Assert.NotEmpty(hello);
        Assert.Equal(-1, hello.AsSpan().IndexOf("127.0.0.1"u8)); // RFC 6066 section 3
    }

    [Theory]
    [InlineData("Mail.Example.COM", "mail.example.com"), InlineData("mail.example.com.", "mail.example.com"), InlineData("Bücher.example", "xn--bcher-kva.example")]
    [InlineData("192.0.2.1", "192.0.2.1"), InlineData("[2001:DB8::1]", "2001:db8::1"), InlineData("2001:db8:0:0::1", "2001:db8::1")]
    public void A_host_is_brought_into_the_form_that_certificates_have(string written, string host) => Assert.Equal(host, new TlsClient(written).Host);

    [Theory]
    [InlineData(" "), InlineData("mail example.com"), InlineData("mail..example.com"), InlineData("mail.example.com\0.evil.example"), InlineData("pop3://mail.example.com")]
    [InlineData("127.1"), InlineData("0x7f000001"), InlineData("2130706433"), InlineData("0177.0.0.1"), InlineData("fe80::1%eth0"), InlineData("-mail.example.com")]
    public void C_07_what_is_no_host_is_refused(string written) => Assert.Throws<ArgumentException>(() => new TlsClient(written));

    [Fact]
    public async Task C_12_without_the_systems_roots_only_the_named_ones_count()
    {
        using LabCertificateAuthority authority = new();
        using X509Certificate2 other = Certificates.Root();
        await using TlsPeer peer = new(authority.Issue());

        CertificateException refused = await RefusedAsync(peer, "localhost", Trusting(other) with { TrustsSystemRoots = false });
        await using Stream stream = await ConnectAsync(peer, "localhost", Trusting(authority.Root) with { TrustsSystemRoots = false });

        Assert.Equal(CertificateFault.Untrusted, refused.Fault);
        Assert.Throws<ArgumentException>(() => new TlsClient("localhost", new() { TrustsSystemRoots = false }));
    }

    [Fact]
    public async Task A_self_signed_certificate_is_trusted_by_naming_it()
    {
        using LabCertificateAuthority authority = new();
        using X509Certificate2 selfSigned = authority.Issue(LabCertificate.SelfSigned);
        using X509Certificate2 known = X509CertificateLoader.LoadCertificate(selfSigned.RawData);
        await using TlsPeer peer = new(selfSigned);

        await using Stream stream = await ConnectAsync(peer, "localhost", Trusting(known));

        Assert.True(stream.CanWrite);
    }

    [Fact]
    public async Task A_pinned_key_may_be_the_peers_or_its_issuers_and_no_other()
    {
        using X509Certificate2 root = Certificates.Root();
        using X509Certificate2 intermediate = Certificates.Intermediate(root);
        using X509Certificate2 leaf = Certificates.Leaf(intermediate);
        using X509Certificate2 stranger = Certificates.Root("Stranger");
        await using TlsPeer peer = new(leaf, intermediate);

        CertificateException refused = await RefusedAsync(peer, Certificates.Host, Trusting(root) with { Pins = [PinOf(stranger)] });
        await using Stream own = await ConnectAsync(peer, Certificates.Host, Trusting(root) with { Pins = [PinOf(stranger), PinOf(leaf)] });
        await using Stream issuer = await ConnectAsync(peer, Certificates.Host, Trusting(root) with { Pins = [PinOf(intermediate)] });

        Assert.Equal(CertificateFault.Pin, refused.Fault);
        Assert.Equal(PinOf(leaf), refused.Facts!.Pin);
        Assert.EndsWith($"its own is {PinOf(leaf)}.", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_pin_replaces_no_other_proof()
    {
        using LabCertificateAuthority authority = new();
        using X509Certificate2 wrongName = authority.Issue(LabCertificate.WrongName);
        await using TlsPeer peer = new(wrongName);
        TlsOptions pinned = new() { Pins = [PinOf(wrongName)] };

        Assert.Equal(CertificateFault.Untrusted, (await RefusedAsync(peer, "localhost", pinned)).Fault);
        Assert.Equal(CertificateFault.Name, (await RefusedAsync(peer, "localhost", pinned with { TrustedRoots = [authority.Root] })).Fault);
    }

    [Theory, InlineData(""), InlineData("sha256/AAAA"), InlineData("AAAA")]
    public void A_pin_that_could_never_match_is_refused_beforehand(string pin) =>
        Assert.Throws<ArgumentException>(() => new TlsClient("localhost", new() { Pins = [pin] }));

    [Theory, InlineData(true), InlineData(false)]
    public async Task C_10_a_client_certificate_is_shown_to_who_asks_and_only_where_there_is_one(bool configured)
    {
        using LabCertificateAuthority authority = new();
        using X509Certificate2 root = Certificates.Root();
        using X509Certificate2 mine = Certificates.Leaf(root);
        TaskCompletionSource<X509Certificate?> shown = new();
        await using TlsPeer peer = new(new SslServerAuthenticationOptions
        {
            ServerCertificate = authority.Issue(),
            ClientCertificateRequired = true,
            RemoteCertificateValidationCallback = (_, certificate, _, _) => shown.TrySetResult(certificate is null ? null : new X509Certificate2(certificate)),
        });

        TlsOptions options = Trusting(authority.Root) with { ClientCertificate = configured ? SslStreamCertificateContext.Create(mine, null, offline: true) : null };
        await using Stream stream = await ConnectAsync(peer, "localhost", options);

        Assert.Equal(configured ? mine.GetCertHashString() : null, (await shown.Task)?.GetCertHashString());
    }

    [Fact]
    public async Task A_session_may_use_the_upgrade_as_it_is()
    {
        using LabCertificateAuthority authority = new();
        await using TlsPeer peer = new(authority.Issue());
        TlsUpgrade upgrade = new TlsClient("localhost", Trusting(authority.Root)).Upgrade;

        await using Stream stream = await upgrade(await peer.ConnectAsync(Cancel), Cancel);

        Assert.True(stream is AuthenticatedStream { IsEncrypted: true, IsAuthenticated: true });
    }

    [Fact]
    public async Task Who_is_refused_is_hung_up_on()
    {
        using LabCertificateAuthority authority = new();
        await using TlsPeer peer = new(authority.Issue());
        Stream cleartext = await peer.ConnectAsync(Cancel);

        await Assert.ThrowsAsync<CertificateException>(async () => await new TlsClient("localhost").AuthenticateAsync(cleartext, Cancel));

        Assert.False(cleartext.CanRead); // nobody can go on in clear
    }

    private static string PinOf(X509Certificate2 certificate) =>
        Convert.ToBase64String(SHA256.HashData(certificate.PublicKey.ExportSubjectPublicKeyInfo()));

    private static TlsOptions Trusting(X509Certificate2 root) => new() { TrustedRoots = [root] };

    private static async Task<CertificateException> RefusedAsync(TlsPeer peer, string host, TlsOptions options) =>
        await Assert.ThrowsAsync<CertificateException>(async () => await ConnectAsync(peer, host, options));

    private static async Task<Stream> ConnectAsync(TlsPeer peer, string host, TlsOptions options) =>
        await new TlsClient(host, options).AuthenticateAsync(await peer.ConnectAsync(Cancel), Cancel);
}
