using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EmailSync.Protocols.Testing;
using EmailSync.Protocols.Wire;
using EmailSync.Protocols.Wire.Sasl;
using EmailSync.Protocols.Wire.Tls;

namespace EmailSync.Protocols.Pop3.Tests;

/// <summary>SCRAM within TLS, bound to the server's certificate by tls-server-end-point (RFC 5802 section 6, RFC 5929 section 4).</summary>
public sealed class BoundSignIns : IDisposable
{
    private const string Password = "pencil";

    private readonly X509Certificate2 _root = Certificates.Root();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => _root.Dispose();

    // RFC 5929 section 4.1: the hash is that of the certificate's signature.
    [Theory]
    [InlineData("SHA1", "SHA256")]
    [InlineData("SHA256", "SHA256")]
    [InlineData("SHA256", "SHA384")]
    [InlineData("SHA512", "SHA512")]
    public async Task Rfc5802_section_6_the_exchange_is_bound_to_the_certificate(string mechanism, string signature)
    {
        (HashAlgorithmName hash, HashAlgorithmName signed) = (new(mechanism), new(signature));
        using X509Certificate2 certificate = Certificates.Leaf(_root, hash: signed);
        ScramServer scram = new(hash, Password, CryptographicOperations.HashData(signed, certificate.RawData));
        await using TlsPeer peer = Serve(certificate, scram, $"{Scram.NameOf(hash, true)} {Scram.NameOf(hash, false)} PLAIN");

        await using Maildrop maildrop = await SignInAsync(peer, MechanismSelection.Passwords with { Floor = MechanismStrength.Binding });

        await maildrop.NoOpAsync(Cancelled);
        Assert.Equal("p=tls-server-end-point", scram.Flag);
    }

    // RFC 5929 section 4.1 defines no hash for Ed25519, and the platform knows none for RSASSA-PSS.
    [Fact]
    public async Task A_certificate_without_a_hash_that_is_known_is_not_bound_to_and_the_flag_says_so()
    {
        using RSA issuer = _root.GetRSAPrivateKey()!;
        using X509Certificate2 certificate = Certificates.Leaf(
            _root, signer: X509SignatureGenerator.CreateForRSA(issuer, RSASignaturePadding.Pss));
        ScramServer scram = new(HashAlgorithmName.SHA256, Password, SHA256.HashData(certificate.RawData));
        await using TlsPeer peer = Serve(certificate, scram, "SCRAM-SHA-256-PLUS SCRAM-SHA-256");

        await using Maildrop maildrop = await SignInAsync(peer, MechanismSelection.Passwords);

        await maildrop.NoOpAsync(Cancelled);
        Assert.Equal("n", scram.Flag);
        await Assert.ThrowsAsync<MechanismUnavailableException>(
            async () => await SignInAsync(peer, MechanismSelection.Passwords with { Floor = MechanismStrength.Binding }));
    }

    [Fact]
    public async Task Somebody_in_the_middle_with_another_certificate_is_found_out_by_the_server()
    {
        using X509Certificate2 genuine = Certificates.Leaf(_root);
        using X509Certificate2 between = Certificates.Leaf(_root);
        ScramServer scram = new(HashAlgorithmName.SHA256, Password, SHA256.HashData(genuine.RawData));
        await using TlsPeer peer = Serve(between, scram, "SCRAM-SHA-256-PLUS");

        Pop3NegativeResponseException refused = await Assert.ThrowsAsync<Pop3NegativeResponseException>(
            async () => await SignInAsync(peer, MechanismSelection.Passwords));

        Assert.Equal("channel-bindings-dont-match", refused.Detail);
    }

    // A server that offers -PLUS, behind somebody who takes it out of the list.
    [Fact]
    public async Task Rfc5802_section_6_a_list_without_plus_that_was_shortened_is_found_out_by_the_server()
    {
        using X509Certificate2 certificate = Certificates.Leaf(_root);
        ScramServer scram = new(HashAlgorithmName.SHA256, Password, SHA256.HashData(certificate.RawData));
        await using TlsPeer peer = Serve(certificate, scram, "SCRAM-SHA-256 PLAIN");

        Pop3NegativeResponseException refused = await Assert.ThrowsAsync<Pop3NegativeResponseException>(
            async () => await SignInAsync(peer, MechanismSelection.Passwords));

        Assert.Equal("server-does-support-channel-binding", refused.Detail);
        Assert.Equal("y", scram.Flag);
    }

    // There is nothing to bind to without TLS, and a server that offers it all the same is told so.
    [Fact]
    public async Task Rfc5802_section_6_without_tls_the_flag_is_n_whatever_is_offered()
    {
        ScramServer scram = new(HashAlgorithmName.SHA256, Password, []);
        await using TlsPeer peer = new(async (stream, cancellationToken) =>
        {
            using ClientLines lines = new(stream);
            await ServeAsync(lines, scram, "SCRAM-SHA-256-PLUS SCRAM-SHA-256", cancellationToken);
        });

        await using Maildrop maildrop = await SignInAsync(await peer.ConnectAsync(Cancelled), MechanismSelection.Passwords);

        await maildrop.NoOpAsync(Cancelled);
        Assert.Equal("n", scram.Flag);
    }

    [Theory, InlineData("SCRAM-SHA-256-PLUS"), InlineData("SCRAM-SHA-256")]
    public async Task A_06_a_server_that_says_yes_and_does_not_know_the_password_is_not_believed(string offer)
    {
        using X509Certificate2 certificate = Certificates.Leaf(_root);
        ScramServer scram = new(HashAlgorithmName.SHA256, Password, SHA256.HashData(certificate.RawData)) { IsImpostor = true, OffersPlus = false };
        await using TlsPeer peer = Serve(certificate, scram, offer);

        ProtocolViolationException found = await Assert.ThrowsAsync<ProtocolViolationException>(
            async () => await SignInAsync(peer, MechanismSelection.Passwords));

        Assert.Contains("its signature is wrong", found.Message, StringComparison.Ordinal);
    }

    [Theory, InlineData(4095), InlineData(1_000_001)]
    public async Task A_06_too_few_and_too_many_iterations_end_the_exchange_before_a_proof(int iterations)
    {
        using X509Certificate2 certificate = Certificates.Leaf(_root);
        ScramServer scram = new(HashAlgorithmName.SHA256, Password, SHA256.HashData(certificate.RawData)) { Iterations = iterations };
        await using TlsPeer peer = Serve(certificate, scram, "SCRAM-SHA-256-PLUS");

        await Assert.ThrowsAsync<ProtocolViolationException>(async () => await SignInAsync(peer, MechanismSelection.Passwords));
    }

    private async Task<Maildrop> SignInAsync(TlsPeer peer, MechanismSelection selection)
    {
        TlsClient tls = new(Certificates.Host, new() { TrustedRoots = [_root], TrustsSystemRoots = false });
        return await SignInAsync(await tls.AuthenticateAsync(await peer.ConnectAsync(Cancelled), Cancelled), selection);
    }

    private static async Task<Maildrop> SignInAsync(Stream stream, MechanismSelection selection)
    {
        await using Pop3Session session = await Pop3Session.OpenAsync(stream, null, Cancelled);
        await session.CapabilitiesAsync(Cancelled);
        return await session.AuthenticateAsync(
            selection.Choose(session.DescribeForSasl(Certificates.Host, 995), new("user", new(Password))), Cancelled);
    }

    private static TlsPeer Serve(X509Certificate2 certificate, ScramServer scram, string mechanisms) =>
        new(certificate, (lines, cancellationToken) => ServeAsync(lines, scram, mechanisms, cancellationToken));

    private static async Task ServeAsync(ClientLines lines, ScramServer scram, string mechanisms, CancellationToken cancellationToken)
    {
        await lines.WriteAsync("+OK ready", cancellationToken);
        while (await lines.ReadAsync(cancellationToken) is { } command)
        {
            if (command == "CAPA")
                await lines.WriteAsync($"+OK\r\nSASL {mechanisms}\r\n.", cancellationToken);
            else if (command.StartsWith("AUTH SCRAM", StringComparison.Ordinal))
                await lines.WriteAsync(await scram.RunAsync(lines, command.Split(' ')[2], "+", cancellationToken) ? "+OK" : "-ERR", cancellationToken);
            else
                await lines.WriteAsync("+OK", cancellationToken);
        }
    }
}
