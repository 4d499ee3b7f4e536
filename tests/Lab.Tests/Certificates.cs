using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace EmailSync.Lab.Tests;

public sealed class Certificates
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(LabCertificate.Valid, true)]
    [InlineData(LabCertificate.Expired, false)]
    [InlineData(LabCertificate.NotYetValid, false)]
    [InlineData(LabCertificate.WrongName, false)]
    [InlineData(LabCertificate.SelfSigned, false)]
    public async Task A_client_that_checks_accepts_only_the_valid_one(LabCertificate kind, bool isAccepted)
    {
        using LabCertificateAuthority authority = new();
        await using LabServer lab = await LabServer.StartAsync(
            new LabOptions { Authority = authority, CertificateKind = kind }, Cancelled);
        Task connecting = Dialogue.PlayAsync(lab, LabService.Pop3s, "S: +OK*");
        if (isAccepted)
            await connecting;
        else
            await Assert.ThrowsAsync<AuthenticationException>(() => connecting);
    }

    [Fact]
    public void The_names_asked_for_are_in_the_certificate()
    {
        using LabCertificateAuthority authority = new();
        using X509Certificate2 valid = authority.Issue(LabCertificate.Valid, "mail.lab.example");
        Assert.True(valid.MatchesHostname("mail.lab.example", allowWildcards: false, allowCommonName: false));
        Assert.True(valid.MatchesHostname("localhost", allowWildcards: false, allowCommonName: false));
        Assert.True(valid.MatchesHostname("127.0.0.1", allowWildcards: false, allowCommonName: false));
        Assert.True(valid.HasPrivateKey);
        using X509Certificate2 old = authority.Issue(LabCertificate.CommonNameOnly);
        Assert.False(old.MatchesHostname("localhost", allowWildcards: false, allowCommonName: false));
        Assert.True(old.MatchesHostname("localhost", allowWildcards: false, allowCommonName: true));
        Assert.Contains("BEGIN CERTIFICATE", authority.RootPem, StringComparison.Ordinal);
        Assert.False(authority.Root.HasPrivateKey);
    }
}
