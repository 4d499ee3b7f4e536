using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EmailSync.Protocols.Pop3;
using EmailSync.Protocols.Smtp;
using EmailSync.Protocols.Testing;
using EmailSync.Protocols.Wire.Sasl;
using EmailSync.Protocols.Wire.Tls;
using EmailSync.RealServers.Tests.Servers;

namespace EmailSync.RealServers.Tests.OpenSsl;

/// <summary>
/// What SCRAM is bound to over TLS (tls-server-end-point, RFC 5929 section 4.1) is what OpenSSL calls the certificate's fingerprint, for certificates
/// that OpenSSL made. Of the servers that the tests start none offers -PLUS; Dovecot does from 2.4 on.
/// </summary>
public sealed class EndPointBindings : IDisposable
{
    private const string Password = "pencil";
    private const string Program = "/usr/bin/openssl";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("emailsync-binding-");

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public static TheoryData<string, string> Certificates => new()
    {
        { "rsa:2048", "sha256" }, { "rsa:2048", "sha384" }, { "rsa:2048", "sha512" }, { "P-256", "sha256" }, { "P-384", "sha384" }, { "P-256", "sha512" },
    };

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory, MemberData(nameof(Certificates))]
    public async Task Pop3(string key, string hash)
    {
        (X509Certificate2 certificate, byte[] fingerprint) = await MakeAsync(key, hash);
        using X509Certificate2 made = certificate;
        ScramServer scram = new(HashAlgorithmName.SHA256, Password, fingerprint);
        await using TlsPeer peer = new(certificate, async (lines, cancellationToken) =>
        {
            await lines.WriteAsync("+OK ready", cancellationToken);
            while (await lines.ReadAsync(cancellationToken) is { } command)
            {
                await lines.WriteAsync(command.Split(' ') switch
                {
                    ["CAPA"] => "+OK\r\nSASL SCRAM-SHA-256-PLUS\r\n.",
                    ["AUTH", _, { } initial] => await scram.RunAsync(lines, initial, "+", cancellationToken) ? "+OK" : "-ERR",
                    _ => "+OK",
                }, cancellationToken);
            }
        });
        await using Pop3Session session = await Pop3Session.OpenAsync(await ConnectAsync(peer, certificate), null, Cancelled);
        await session.CapabilitiesAsync(Cancelled);

        await using Maildrop maildrop = await session.AuthenticateAsync(Choose(session.DescribeForSasl("localhost", 995)), Cancelled);

        Assert.Equal("p=tls-server-end-point", scram.Flag);
    }

    [Theory, MemberData(nameof(Certificates))]
    public async Task Smtp(string key, string hash)
    {
        (X509Certificate2 certificate, byte[] fingerprint) = await MakeAsync(key, hash);
        using X509Certificate2 made = certificate;
        ScramServer scram = new(HashAlgorithmName.SHA256, Password, fingerprint);
        await using TlsPeer peer = new(certificate, async (lines, cancellationToken) =>
        {
            await lines.WriteAsync("220 ready", cancellationToken);
            while (await lines.ReadAsync(cancellationToken) is { } command)
            {
                await lines.WriteAsync(command.Split(' ') switch
                {
                    ["EHLO", _] => "250-localhost\r\n250 AUTH SCRAM-SHA-256-PLUS",
                    ["AUTH", _, { } initial] => await scram.RunAsync(lines, initial, "334", cancellationToken) ? "235 welcome" : "535 no",
                    _ => "250 OK",
                }, cancellationToken);
            }
        });
        await using SmtpSession session = await SmtpSession.OpenAsync(await ConnectAsync(peer, certificate), null, Cancelled);

        await session.AuthenticateAsync(Choose(session.DescribeForSasl("localhost", 465)), Cancelled);

        Assert.Equal("p=tls-server-end-point", scram.Flag);
    }

    private static SaslMechanism Choose(SaslServer server) => MechanismSelection.Passwords.Choose(server, new("user", new(Password)));

    private static async Task<Stream> ConnectAsync(TlsPeer peer, X509Certificate2 certificate)
    {
        TlsClient tls = new("localhost", new() { TrustedRoots = [certificate], TrustsSystemRoots = false });
        return await tls.AuthenticateAsync(await peer.ConnectAsync(Cancelled), Cancelled);
    }

    private async Task<(X509Certificate2 Certificate, byte[] Fingerprint)> MakeAsync(string key, string hash)
    {
        Assert.SkipUnless(File.Exists(Program), "OpenSSL's program is not installed (apt-get install openssl)");
        (string keyFile, string certificateFile) = (Path.Combine(_folder.FullName, "key.pem"), Path.Combine(_folder.FullName, "cert.pem"));
        string[] kind = key.StartsWith("P-", StringComparison.Ordinal) ? ["ec", "-pkeyopt", $"ec_paramgen_curve:{key}"] : [key];
        await Command.RunAsync(Program, [
            "req", "-x509", "-nodes", "-days", "2", $"-{hash}", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
            "-keyout", keyFile, "-out", certificateFile, "-newkey", .. kind]);
        string printed = await Command.RunAsync(Program, "x509", "-in", certificateFile, "-noout", "-fingerprint", $"-{hash}");
        return (X509Certificate2.CreateFromPemFile(certificateFile, keyFile), Convert.FromHexString(printed[(printed.IndexOf('=') + 1)..].Trim().Replace(":", "")));
    }
}
