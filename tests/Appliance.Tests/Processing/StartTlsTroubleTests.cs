using EmailSync.Appliance.Model;
using EmailSync.Lab;

namespace EmailSync.Appliance.Tests.Processing;

/// <summary>A certificate that is wrong behind STLS or STARTTLS is as wrong as one on port 995 or 465, and is told in the same words.</summary>
public sealed class StartTlsTroubleTests
{
    [Theory]
    [InlineData(LabCertificate.SelfSigned, "certificate-untrusted")]
    [InlineData(LabCertificate.Expired, "certificate-expired")]
    [InlineData(LabCertificate.WrongName, "certificate-name")]
    public async Task A_wrong_certificate_is_told_from_a_lost_connection(LabCertificate certificate, string expected)
    {
        await using Rig rig = await Rig.StartAsync(new() { MessagesPerMailbox = 0, CertificateKind = certificate });
        EmailServerProfile profile = await rig.AddProfileAsync(profile => profile with
        {
            Incoming = new() { Location = rig.Location(LabService.Pop3) },
            Outgoing = new() { Location = rig.Location(LabService.Smtp) },
        });
        Mailbox mailbox = await rig.AddMailboxAsync(profile);

        await rig.TestAsync(mailbox);

        TestStep[] failed = [.. (await rig.LastTestAsync(mailbox)).Steps.Where(step => step.Outcome == StepOutcome.Failed)];
        Assert.Equal(
            [("tls", expected, MailService.Pop3), ("tls", expected, MailService.Submission)],
            failed.Select(step => (step.Name, AlertCatalog.For(step.ErrorClass!.Value).Code, step.Service!.Value)));
    }
}
