using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;

namespace EmailSync.RealServers.Tests.Servers;

/// <summary>Connections to loopback, encrypted ones to servers whose certificate leads to one root.</summary>
public sealed class TrustedRoot(X509Certificate2 root)
{
    public static Task<Stream> ConnectAsync(int port, CancellationToken cancellationToken) =>
        ConnectAsync(IPAddress.Loopback, port, cancellationToken);

    public async Task<Stream> ConnectEncryptedAsync(int port, CancellationToken cancellationToken) =>
        await UpgradeAsync(await ConnectAsync(port, cancellationToken), cancellationToken);

    /// <summary>The same, with a certificate to show, and without resuming a session in which another one was shown, or none.</summary>
    public async Task<Stream> ConnectEncryptedAsync(
        IPAddress address, int port, X509Certificate2 clientCertificate, CancellationToken cancellationToken) =>
        await UpgradeAsync(await ConnectAsync(address, port, cancellationToken), clientCertificate, cancellationToken);

    public ValueTask<Stream> UpgradeAsync(Stream cleartext, CancellationToken cancellationToken) =>
        UpgradeAsync(cleartext, clientCertificate: null, cancellationToken);

    public static async Task<Stream> ConnectAsync(IPAddress address, int port, CancellationToken cancellationToken)
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(address, port, cancellationToken);
        return new NetworkStream(socket, ownsSocket: true);
    }

    private async ValueTask<Stream> UpgradeAsync(Stream cleartext, X509Certificate2? clientCertificate, CancellationToken cancellationToken)
    {
        SslStream stream = new(cleartext);
        await stream.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = "localhost",
                AllowTlsResume = clientCertificate is null,
                ClientCertificateContext = clientCertificate is null ? null : SslStreamCertificateContext.Create(clientCertificate, null, offline: true),
                CertificateChainPolicy = new X509ChainPolicy
                {
                    TrustMode = X509ChainTrustMode.CustomRootTrust,
                    CustomTrustStore = { root },
                    RevocationMode = X509RevocationMode.NoCheck,
                },
            },
            cancellationToken);
        return stream;
    }
}
