using EmailSync.Lab;
using EmailSync.Protocols.Testing;
using EmailSync.Protocols.Wire.Tls;

namespace EmailSync.Protocols.Wire.Tests.Tls;

/// <summary>Which names of a certificate prove a host (RFC 9525 section 6.3, RFC 7817 section 3).</summary>
public sealed class NameMatching
{
    // 7817-3-h, 7817-3-i, 9525-6.3-c
    [Theory]
    [InlineData("*.lab.example", "mail.lab.example", true)]
    [InlineData("*.lab.example", "lab.example", false)]
    [InlineData("*.lab.example", "a.mail.lab.example", false)]
    [InlineData("*.example", "mail.lab.example", false)]
    [InlineData("m*.lab.example", "mail.lab.example", false)]
    [InlineData("*l.lab.example", "mail.lab.example", false)]
    [InlineData("mail.*.example", "mail.lab.example", false)]
    [InlineData("*.*.example", "mail.lab.example", false)]
    [InlineData("*", "mail.lab.example", false)]
    public Task Section_6_3_only_a_whole_leftmost_label_is_a_wildcard(string presented, string host, bool isProven) =>
        AssertAsync(presented, host, isProven);

    // 9525-6.3-a, 9525-6.3-b
    [Theory]
    [InlineData("MAIL.Lab.Example", "mail.lab.example", true)]
    [InlineData("mail.lab.example", "MAIL.LAB.EXAMPLE", true)]
    [InlineData("xn--bcher-kva.example", "b\u00FCcher.example", true)]
    [InlineData("mail.lab.example", "mail.lab.example.", true)]
    [InlineData("mail.lab.example", "imap.lab.example", false)]
    [InlineData("mail.lab.example", "lab.example", false)]
    [InlineData("mail.lab.example", "m\u0430il.lab.example", false)]
    public Task C_06_section_6_3_labels_are_compared_without_case(string presented, string host, bool isProven) =>
        AssertAsync(presented, host, isProven);

    private static async Task AssertAsync(string presented, string host, bool isProven)
    {
        CancellationToken cancel = TestContext.Current.CancellationToken;
        using LabCertificateAuthority authority = new();
        await using TlsPeer peer = new(authority.Issue(LabCertificate.Valid, presented));
        TlsClient client = new(host, new TlsOptions { TrustedRoots = [authority.Root] });
        Stream cleartext = await peer.ConnectAsync(cancel);
        if (isProven)
        {
            await using Stream stream = await client.AuthenticateAsync(cleartext, cancel);
            Assert.True(stream.CanRead);
            return;
        }
        CertificateException refusal = await Assert.ThrowsAsync<CertificateException>(async () => await client.AuthenticateAsync(cleartext, cancel));
        Assert.Equal(CertificateFault.Name, refusal.Fault);
    }
}
