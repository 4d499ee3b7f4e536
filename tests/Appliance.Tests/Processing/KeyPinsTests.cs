using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Tests.Processing;

/// <summary>Pins of a profile: they refuse a certificate that is good in itself and has another key.</summary>
public sealed class KeyPinsTests
{
    [Fact]
    public void Pins_stand_on_lines_of_their_own_among_certificates()
    {
        string pin = Convert.ToBase64String(new byte[32]);

        Assert.Equal([pin, "x"], KeyPins.In($"-----BEGIN CERTIFICATE-----\nsha\n-----END CERTIFICATE-----\r\n  sha256/{pin}\r\nsha256/x\n"));
        Assert.Equal("x", KeyPins.FindMalformed($"sha256/{pin}\nsha256/x"));
        Assert.Null(KeyPins.FindMalformed($"sha256/{pin}"));
        Assert.Empty(KeyPins.In(null));
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task A_server_is_spoken_to_only_where_a_key_of_its_chain_is_pinned(bool isPinned)
    {
        await using Rig rig = await Rig.StartAsync();
        using X509Certificate2 root = X509Certificate2.CreateFromPem(rig.Lab.Authority.RootPem);
        string pin = isPinned ? Convert.ToBase64String(SHA256.HashData(root.PublicKey.ExportSubjectPublicKeyInfo())) : Convert.ToBase64String(new byte[32]);
        EmailServerProfile profile = await rig.AddProfileAsync(profile => profile with { TrustedCertificates = $"{rig.Lab.Authority.RootPem}\nsha256/{pin}\n" });
        Mailbox mailbox = await rig.AddMailboxAsync(profile);

        await rig.TestAsync(mailbox);

        TestStep[] tls = [.. (await rig.LastTestAsync(mailbox)).Steps.Where(step => step.Name == "tls")];
        Assert.All(tls, step => Assert.Equal(isPinned ? StepOutcome.Passed : StepOutcome.Failed, step.Outcome));
        Assert.All(tls, step => Assert.Equal(!isPinned, step.Detail.Contains("pinned", StringComparison.Ordinal)));
    }
}
