using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using EmailSync.Lab;

namespace EmailSync.Protocols.Smtp.Tests;

/// <summary>Connections to the lab, as a dialer would make them.</summary>
internal static class LabClient
{
    public static async Task<Stream> ConnectAsync(LabServer lab, LabService service = LabService.Smtp)
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(lab.EndPointOf(service), TestContext.Current.CancellationToken);
        NetworkStream stream = new(socket, ownsSocket: true);
        return service == LabService.Smtps ? await EncryptAsync(lab, stream, TestContext.Current.CancellationToken) : stream;
    }

    public static async ValueTask<Stream> EncryptAsync(LabServer lab, Stream stream, CancellationToken cancellationToken)
    {
        SslStream encrypted = new(stream);
        SslClientAuthenticationOptions options = new()
        {
            TargetHost = "localhost",
            CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                CustomTrustStore = { lab.Authority.Root },
                RevocationMode = X509RevocationMode.NoCheck,
            },
        };
        await encrypted.AuthenticateAsClientAsync(options, cancellationToken);
        return encrypted;
    }
}
