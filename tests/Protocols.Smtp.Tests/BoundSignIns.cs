using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EmailSync.Lab;
using EmailSync.Protocols.Testing;
using EmailSync.Protocols.Wire;
using EmailSync.Protocols.Wire.Sasl;
using EmailSync.Protocols.Wire.Tls;

namespace EmailSync.Protocols.Smtp.Tests;

/// <summary>SCRAM within TLS, bound to the server's certificate by tls-server-end-point (RFC 5802 section 6, RFC 5929 section 4).</summary>
public sealed class BoundSignIns : IDisposable
{
    private const string Password = "pencil";

    private readonly LabCertificateAuthority _authority = new();
    private readonly X509Certificate2 _certificate;

    public BoundSignIns() => _certificate = _authority.Issue();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _certificate.Dispose();
        _authority.Dispose();
    }

    [Theory, InlineData("SHA1"), InlineData("SHA256"), InlineData("SHA512")]
    public async Task Rfc5802_section_6_the_exchange_is_bound_to_the_certificate(string mechanism)
    {
        HashAlgorithmName hash = new(mechanism);
        ScramServer scram = new(hash, Password, SHA256.HashData(_certificate.RawData));
        await using TlsPeer peer = Serve(scram, $"{Scram.NameOf(hash, true)} {Scram.NameOf(hash, false)} PLAIN");

        await SignInAsync(peer);

        Assert.Equal("p=tls-server-end-point", scram.Flag);
    }

    [Fact]
    public async Task Somebody_in_the_middle_with_another_certificate_is_found_out_by_the_server()
    {
        using X509Certificate2 genuine = _authority.Issue();
        ScramServer scram = new(HashAlgorithmName.SHA256, Password, SHA256.HashData(genuine.RawData));
        await using TlsPeer peer = Serve(scram, "SCRAM-SHA-256-PLUS");

        SmtpNegativeReplyException refused = await Assert.ThrowsAsync<SmtpNegativeReplyException>(() => SignInAsync(peer));

        Assert.Contains("channel-bindings-dont-match", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rfc5802_section_6_a_list_without_plus_that_was_shortened_is_found_out_by_the_server()
    {
        ScramServer scram = new(HashAlgorithmName.SHA256, Password, SHA256.HashData(_certificate.RawData));
        await using TlsPeer peer = Serve(scram, "SCRAM-SHA-256 PLAIN");

        SmtpNegativeReplyException refused = await Assert.ThrowsAsync<SmtpNegativeReplyException>(() => SignInAsync(peer));

        Assert.Contains("server-does-support-channel-binding", refused.Message, StringComparison.Ordinal);
    }

    [Theory, InlineData("SCRAM-SHA-256-PLUS"), InlineData("SCRAM-SHA-256")]
    public async Task A_06_a_server_that_says_yes_and_does_not_know_the_password_is_not_believed(string offer)
    {
        ScramServer scram = new(HashAlgorithmName.SHA256, Password, SHA256.HashData(_certificate.RawData)) { IsImpostor = true, OffersPlus = false };
        await using TlsPeer peer = Serve(scram, offer);

        ProtocolViolationException found = await Assert.ThrowsAsync<ProtocolViolationException>(() => SignInAsync(peer));

        Assert.Contains("its signature is wrong", found.Message, StringComparison.Ordinal);
    }

    [Theory, InlineData(4095), InlineData(1_000_001)]
    public async Task A_06_too_few_and_too_many_iterations_end_the_exchange_before_a_proof(int iterations)
    {
        ScramServer scram = new(HashAlgorithmName.SHA256, Password, SHA256.HashData(_certificate.RawData)) { Iterations = iterations };
        await using TlsPeer peer = Serve(scram, "SCRAM-SHA-256-PLUS");

        await Assert.ThrowsAsync<ProtocolViolationException>(() => SignInAsync(peer));
    }

    private async Task SignInAsync(TlsPeer peer)
    {
        TlsClient tls = new("localhost", new() { TrustedRoots = [_authority.Root], TrustsSystemRoots = false });
        await using SmtpSession session = await SmtpSession.OpenAsync(
            await tls.AuthenticateAsync(await peer.ConnectAsync(Cancelled), Cancelled), Play.Options, Cancelled);
        await session.AuthenticateAsync(
            MechanismSelection.Passwords.Choose(session.DescribeForSasl("localhost", 465), new("user", new(Password))), Cancelled);
    }

    private TlsPeer Serve(ScramServer scram, string mechanisms) => new(_certificate, async (lines, cancellationToken) =>
    {
        await lines.WriteAsync("220 ready", cancellationToken);
        while (await lines.ReadAsync(cancellationToken) is { } command)
        {
            if (command.StartsWith("EHLO", StringComparison.Ordinal))
                await lines.WriteAsync($"250-localhost\r\n250 AUTH {mechanisms}", cancellationToken);
            else if (command.StartsWith("AUTH SCRAM", StringComparison.Ordinal))
                await lines.WriteAsync(
                    await scram.RunAsync(lines, command.Split(' ')[2], "334", cancellationToken) ? "235 welcome" : "535 no", cancellationToken);
            else
                await lines.WriteAsync("250 OK", cancellationToken);
        }
    });
}
