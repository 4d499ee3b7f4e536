using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Store.Sqlite;

/// <summary>How a mailbox and its state stand in their two rows.</summary>
internal static class MailboxColumns
{
    /// <summary>A mailbox with its state, in the order in which <see cref="Read"/> reads it.</summary>
    public const string Select = """
        SELECT m.id, m.version, m.name, m.address, m.kind, m.profile, m.user_name, m.allow_credentials, m.incoming_email, m.outgoing_email,
            m.approval, m.approval_by, m.approval_at, m.process_emails_received_after, m.delete_after_processing, m.leave_on_server_days,
            m.delete_only_acknowledged, m.maximum_message_size,
            s.incoming_status, s.outgoing_status, s.enabled_for_incoming, s.enabled_for_outgoing, s.next_poll_at, s.postponed_until,
            s.last_poll_started_at, s.last_success_at, s.last_error, s.test_completed_at, s.server_keeps_mail_days, s.transient_failure_count, s.outgoing_transient_failure_count,
            s.consecutive_empty_polls, s.messages_received, s.messages_sent
        FROM mailbox m JOIN mailbox_state s ON s.mailbox = m.id
        """;

    /// <summary>A state alone, in the order in which <see cref="ReadState"/> reads it.</summary>
    public const string SelectState = """
        SELECT incoming_status, outgoing_status, enabled_for_incoming, enabled_for_outgoing, next_poll_at, postponed_until,
            last_poll_started_at, last_success_at, last_error, test_completed_at, server_keeps_mail_days, transient_failure_count,
            outgoing_transient_failure_count, consecutive_empty_polls, messages_received, messages_sent
        FROM mailbox_state WHERE mailbox = $mailbox
        """;

    public const string Insert = """
        INSERT INTO mailbox (
            version, name, address, address_key, kind, profile, user_name, allow_credentials, incoming_email, outgoing_email,
            approval, approval_by, approval_at, process_emails_received_after, delete_after_processing, leave_on_server_days,
            delete_only_acknowledged, maximum_message_size)
        VALUES (
            $version, $name, $address, $address_key, $kind, $profile, $user_name, $allow_credentials, $incoming_email, $outgoing_email,
            $approval, $approval_by, $approval_at, $process_emails_received_after, $delete_after_processing, $leave_on_server_days,
            $delete_only_acknowledged, $maximum_message_size)
        RETURNING id
        """;

    public const string Update = """
        UPDATE mailbox SET
            version = $version, name = $name, address = $address, address_key = $address_key, kind = $kind, profile = $profile,
            user_name = $user_name, allow_credentials = $allow_credentials, incoming_email = $incoming_email,
            outgoing_email = $outgoing_email, approval = $approval, approval_by = $approval_by, approval_at = $approval_at,
            process_emails_received_after = $process_emails_received_after, delete_after_processing = $delete_after_processing,
            leave_on_server_days = $leave_on_server_days, delete_only_acknowledged = $delete_only_acknowledged, maximum_message_size = $maximum_message_size
        WHERE id = $id
        """;

    public const string InsertState = """
        INSERT INTO mailbox_state (
            mailbox, incoming_status, outgoing_status, enabled_for_incoming, enabled_for_outgoing, next_poll_at, postponed_until,
            last_poll_started_at, last_success_at, last_error, test_completed_at, server_keeps_mail_days, transient_failure_count, outgoing_transient_failure_count,
            consecutive_empty_polls, messages_received, messages_sent)
        VALUES (
            $mailbox, $incoming_status, $outgoing_status, $enabled_for_incoming, $enabled_for_outgoing, $next_poll_at, $postponed_until,
            $last_poll_started_at, $last_success_at, $last_error, $test_completed_at, $server_keeps_mail_days, $transient_failure_count, $outgoing_transient_failure_count, $consecutive_empty_polls,
            $messages_received, $messages_sent)
        """;

    public const string UpdateState = """
        UPDATE mailbox_state SET
            incoming_status = $incoming_status, outgoing_status = $outgoing_status, enabled_for_incoming = $enabled_for_incoming,
            enabled_for_outgoing = $enabled_for_outgoing, next_poll_at = $next_poll_at, postponed_until = $postponed_until,
            last_poll_started_at = $last_poll_started_at, last_success_at = $last_success_at, last_error = $last_error,
            test_completed_at = $test_completed_at, server_keeps_mail_days = $server_keeps_mail_days, transient_failure_count = $transient_failure_count,
            outgoing_transient_failure_count = $outgoing_transient_failure_count, consecutive_empty_polls = $consecutive_empty_polls, messages_received = $messages_received, messages_sent = $messages_sent
        WHERE mailbox = $mailbox
        """;

    public static Statement Bind(Statement statement, Mailbox mailbox) => statement
        .With("$version", mailbox.Version)
        .With("$name", mailbox.Name)
        .With("$address", mailbox.EmailAddress)
        .With("$address_key", AddressKey(mailbox.EmailAddress))
        .With("$kind", (int)mailbox.Kind)
        .With("$profile", mailbox.Profile.Value)
        .With("$user_name", mailbox.UserName)
        .With("$allow_credentials", mailbox.AllowCredentialsForEmailProcessing)
        .With("$incoming_email", (int)mailbox.IncomingEmail)
        .With("$outgoing_email", (int)mailbox.OutgoingEmail)
        .With("$approval", (int)mailbox.Approval)
        .With("$approval_by", mailbox.ApprovalBy)
        .With("$approval_at", mailbox.ApprovalAt)
        .With("$process_emails_received_after", mailbox.ProcessEmailsReceivedAfter)
        .With("$delete_after_processing", mailbox.DeleteEmailsAfterProcessing)
        .With("$leave_on_server_days", mailbox.LeaveOnServerDays)
        .With("$delete_only_acknowledged", mailbox.DeleteOnlyAcknowledged)
        .With("$maximum_message_size", mailbox.MaximumMessageSize);

    public static Statement Bind(Statement statement, MailboxId mailbox, MailboxState state) => statement
        .With("$mailbox", mailbox.Value)
        .With("$incoming_status", (int)state.IncomingStatus)
        .With("$outgoing_status", (int)state.OutgoingStatus)
        .With("$enabled_for_incoming", state.EnabledForIncoming)
        .With("$enabled_for_outgoing", state.EnabledForOutgoing)
        .With("$next_poll_at", state.NextPollAt)
        .With("$postponed_until", state.PostponedUntil)
        .With("$last_poll_started_at", state.LastPollStartedAt)
        .With("$last_success_at", state.LastSuccessAt)
        .With("$last_error", state.LastError)
        .With("$test_completed_at", state.TestCompletedAt)
        .With("$server_keeps_mail_days", state.ServerKeepsMailDays)
        .With("$transient_failure_count", state.TransientFailureCount)
        .With("$outgoing_transient_failure_count", state.OutgoingTransientFailureCount)
        .With("$consecutive_empty_polls", state.ConsecutiveEmptyPolls)
        .With("$messages_received", state.MessagesReceived)
        .With("$messages_sent", state.MessagesSent);

    public static Mailbox Read(Row row) => new()
    {
        Id = new(row.Long()),
        Version = row.Long(),
        Name = row.Text(),
        EmailAddress = row.Text(),
        Kind = (MailboxKind)row.Int(),
        Profile = new(row.Long()),
        UserName = row.OptionalText(),
        AllowCredentialsForEmailProcessing = row.Bool(),
        IncomingEmail = (DeliveryMethod)row.Int(),
        OutgoingEmail = (DeliveryMethod)row.Int(),
        Approval = (EmailApproval)row.Int(),
        ApprovalBy = row.OptionalText(),
        ApprovalAt = row.OptionalMoment(),
        ProcessEmailsReceivedAfter = row.OptionalMoment(),
        DeleteEmailsAfterProcessing = row.Bool(),
        LeaveOnServerDays = row.OptionalInt(),
        DeleteOnlyAcknowledged = row.Bool(),
        MaximumMessageSize = row.Long(),
        State = ReadState(row),
    };

    public static MailboxState ReadState(Row row) => new()
    {
        IncomingStatus = (EmailStatus)row.Int(),
        OutgoingStatus = (EmailStatus)row.Int(),
        EnabledForIncoming = row.Bool(),
        EnabledForOutgoing = row.Bool(),
        NextPollAt = row.OptionalMoment(),
        PostponedUntil = row.OptionalMoment(),
        LastPollStartedAt = row.OptionalMoment(),
        LastSuccessAt = row.OptionalMoment(),
        LastError = row.OptionalText(),
        TestCompletedAt = row.OptionalMoment(),
        ServerKeepsMailDays = row.OptionalInt(),
        TransientFailureCount = row.Int(),
        OutgoingTransientFailureCount = row.Int(),
        ConsecutiveEmptyPolls = row.Int(),
        MessagesReceived = row.Long(),
        MessagesSent = row.Long(),
    };

    /// <summary>What an address is found by: SQLite's own NOCASE knows ASCII only, and addresses may be of any script (RFC 6531).</summary>
    public static string AddressKey(string emailAddress) => emailAddress.ToLowerInvariant();
}
