using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;

namespace EmailSync.Appliance.Processing;

/// <summary>Reads the delivery status notifications that a mailbox has received, and ties each to the email it speaks of.</summary>
/// <remarks>
/// Anybody can write a notification, so one can only speak of emails that the mailbox it came to has sent, and only change what became of
/// recipients whom the server had accepted.
/// </remarks>
public sealed class DeliveryReportReader(IStore store, AlertBook alerts)
{
    private const int AtOnce = 100;

    /// <summary>Reads what is not yet read.</summary>
    public async Task ReadAsync(Mailbox mailbox, CancellationToken cancellationToken)
    {
        IReadOnlyList<EmailId> unread;
        do
        {
            unread = await store.Reports.UnreadAsync(mailbox.Id, AtOnce, cancellationToken);
            foreach (EmailId report in unread)
                await ReadAsync(mailbox, report, cancellationToken);
        }
        while (unread.Count == AtOnce);
    }

    private async Task ReadAsync(Mailbox mailbox, EmailId id, CancellationToken cancellationToken)
    {
        DeliveryReport? report = DeliveryReport.Read(await BeginningAsync(id, cancellationToken), cancellationToken);
        Email? about = report is null ? null : await FindAsync(mailbox, report, cancellationToken);
        IReadOnlyList<Recipient> bounced = about is null ? [] : report!.Of(about);
        if (!await store.Reports.RecordAsync(id, about?.Id, bounced, cancellationToken))
            return;
        string who = string.Join(", ", bounced.Take(5).Select(recipient => $"{recipient.Address}: {recipient.ReplyText ?? recipient.EnhancedCode ?? "no reason was given"}"));
        await alerts.RaiseAsync(
            AlertCatalog.EmailBounced, AlertSubject.Of(about!.Id), $"{about.Id} from {mailbox.EmailAddress} came back with {id}. {who}", MailService.Submission, cancellationToken);
    }

    private async Task<Email?> FindAsync(Mailbox mailbox, DeliveryReport report, CancellationToken cancellationToken)
    {
        if (EmailId.TryParse(report.EnvelopeId, null, out EmailId sent)
            && await store.Emails.FindAsync(sent, cancellationToken) is { Direction: EmailDirection.Outgoing } email
            && email.Mailbox == mailbox.Id)
            return email;
        return report.MessageId is null ? null : await store.Reports.FindSentAsync(mailbox.Id, report.MessageId, cancellationToken);
    }

    private async Task<byte[]> BeginningAsync(EmailId id, CancellationToken cancellationToken)
    {
        await using Stream content = await store.Emails.OpenContentAsync(id, cancellationToken);
        byte[] octets = new byte[Math.Min(content.Length, DeliveryReport.MaximumLength)];
        await content.ReadExactlyAsync(octets, cancellationToken);
        return octets;
    }
}
