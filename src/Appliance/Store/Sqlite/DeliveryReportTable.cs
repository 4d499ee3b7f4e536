using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Store.Sqlite;

/// <summary>Delivery status notifications: a mark on the received ones, and what became of the sent ones.</summary>
internal sealed class DeliveryReportTable(Database database) : IDeliveryReports
{
    // Values of the column, and literals where a partial index serves only statements that name them.
    private const string Unread = "SELECT id FROM email WHERE mailbox = $mailbox AND report = 1 ORDER BY id LIMIT $limit";

    private const string Sent =
        EmailTable.Select + " WHERE mailbox = $mailbox AND message_id = $message_id AND reverse_path IS NOT NULL ORDER BY id DESC LIMIT 1";

    private const string Read = "UPDATE email SET report = 2, speaks_of = $about WHERE id = $report AND report IS NOT NULL";

    private const string Bounce = "UPDATE email SET recipients = $recipients, state = $state WHERE id = $id";

    public async ValueTask<IReadOnlyList<EmailId>> UnreadAsync(MailboxId mailbox, int limit, CancellationToken cancellationToken) =>
        await database.ReadAsync(
            connection => connection.Prepare(Unread).With("$mailbox", mailbox.Value).With("$limit", limit).All(row => new EmailId(row.Long())),
            cancellationToken);

    public ValueTask<Email?> FindSentAsync(MailboxId mailbox, string messageId, CancellationToken cancellationToken) =>
        database.ReadAsync(
            connection => connection.Prepare(Sent).With("$mailbox", mailbox.Value).With("$message_id", messageId).First(EmailTable.Read),
            cancellationToken);

    public ValueTask<bool> RecordAsync(
        EmailId report, EmailId? about, IReadOnlyCollection<Recipient> bounced, CancellationToken cancellationToken) =>
        database.WriteAsync(connection =>
        {
            connection.Prepare(Read).With("$report", report.Value).With("$about", about?.Value).Execute();
            return about is { } email && bounced.Count > 0 && Note(connection, email, bounced);
        }, cancellationToken);

    private static bool Note(Connection connection, EmailId id, IReadOnlyCollection<Recipient> bounced)
    {
        if (connection.Prepare(EmailTable.Find).With("$id", id.Value).First(EmailTable.Read) is not { } email)
            return false;
        Recipient[] recipients = [.. email.Recipients.Select(recipient => recipient.State != RecipientState.Accepted
            ? recipient
            : bounced.FirstOrDefault(one => one.Address == recipient.Address) ?? recipient)];
        if (recipients.SequenceEqual(email.Recipients))
            return false;
        // While others still wait for their turn, the email goes on waiting.
        EmailState state = email.State == EmailState.Sent ? EmailState.Bounced : email.State;
        connection.Prepare(Bounce)
            .With("$id", id.Value).With("$state", (int)state).With("$recipients", RecipientsColumn.Write(recipients)).Execute();
        return true;
    }
}
