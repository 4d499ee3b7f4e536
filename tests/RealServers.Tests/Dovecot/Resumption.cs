using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using EmailSync.Protocols.Pop3;
using EmailSync.Protocols.Wire.Sasl;
using EmailSync.Protocols.Wire.Tls;
using EmailSync.RealServers.Tests.Servers;

namespace EmailSync.RealServers.Tests.Dovecot;

/// <summary>A Dovecot that verifies client certificates takes one handshake, and closes the connection on every later one that resumes.</summary>
public sealed class Resumption(MailServers servers)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task It_is_met_without_resumption_from_the_second_try_on(bool showsCertificate)
    {
        MailAccount account = servers.NewAccount();
        using X509Certificate2 certificate = servers.Clients.Issue(account.Address);
        TlsClient tls = new(DovecotServer.ClientCertificateHost, new()
        {
            TrustedRoots = [X509Certificate2.CreateFromPem(servers.RootPem)],
            ClientCertificate = showsCertificate ? SslStreamCertificateContext.Create(certificate, null, offline: true) : null,
        });
        await SignInAsync(tls, account, showsCertificate);

        TlsException ended = await Assert.ThrowsAsync<TlsException>(() => SignInAsync(tls, account, showsCertificate));

        Assert.True(ended.IsResumptionSuspected);
        for (int times = 0; times < 3; times++)
            await SignInAsync(tls, account, showsCertificate);
    }

    private async Task SignInAsync(TlsClient tls, MailAccount account, bool showsCertificate)
    {
        Stream cleartext = await servers.Dovecot.ConnectWhereCertificatesAreVerifiedAsync();
        await using Pop3Session session = await Pop3Session.OpenAsync(await tls.AuthenticateAsync(cleartext, Cancelled), cancellationToken: Cancelled);
        await using Maildrop maildrop = showsCertificate
            ? await session.AuthenticateAsync(new External(), Cancelled)
            : await session.LogInAsync(account.Address, new(account.Password), Cancelled);
        await maildrop.QuitAsync(Cancelled);
    }
}
