using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;

namespace EmailSync.RealServers.Tests.Servers;

/// <summary>Connections to loopback, encrypted ones to servers whose certificate leads to one root.</summary>
public sealed class TrustedRoot(X509Certificate2 root)
{
    public static async Task<Stream> ConnectAsync(int port, CancellationToken cancellationToken)
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, port, cancellationToken);
        return new NetworkStream(socket, ownsSocket: true);
    }

    public async Task<Stream> ConnectEncryptedAsync(int port, CancellationToken cancellationToken) =>
        await UpgradeAsync(await ConnectAsync(port, cancellationToken), cancellationToken);

    public async ValueTask<Stream> UpgradeAsync(Stream cleartext, CancellationToken cancellationToken)
    {
        SslStream stream = new(cleartext);
        await stream.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = "localhost",
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
