using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Store;

/// <summary>Delivery status notifications (RFC 3464) among what was received, and the emails that they speak of.</summary>
public interface IDeliveryReports
{
    /// <summary>Notifications to a mailbox that nobody has read yet, oldest first.</summary>
    ValueTask<IReadOnlyList<EmailId>> UnreadAsync(MailboxId mailbox, int limit, CancellationToken cancellationToken);

    /// <summary>The email that a mailbox sent with a Message-ID, the newest where there are several; null where there is none.</summary>
    ValueTask<Email?> FindSentAsync(MailboxId mailbox, string messageId, CancellationToken cancellationToken);

    /// <summary>
    /// Notes that a notification was read, together with what it says: the email it speaks of, and who did not get that email. Recipients
    /// whom the server had not accepted stay as they are.
    /// </summary>
    /// <param name="report">The notification.</param>
    /// <param name="about">The outgoing email of the same mailbox; null where there is none here.</param>
    /// <param name="bounced">The recipients of that email who did not get it, with what was said.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Whether a recipient is bounced now who was not before.</returns>
    ValueTask<bool> RecordAsync(EmailId report, EmailId? about, IReadOnlyCollection<Recipient> bounced, CancellationToken cancellationToken);
}
