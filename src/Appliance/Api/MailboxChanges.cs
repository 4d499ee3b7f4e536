using EmailSync.Appliance.Api.Contracts;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;

namespace EmailSync.Appliance.Api;

/// <summary>What a mailbox may be, and what a change of it brings with it.</summary>
public static class MailboxChanges
{
    /// <summary>Reads a mailbox: fills in what the settings say, and finds everything that is wrong, at once.</summary>
    /// <param name="input">What was written.</param>
    /// <param name="stored">What is stored, where it is changed rather than made.</param>
    /// <param name="store">Knows profiles and settings.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <param name="planned">Its profile as it is about to be made or changed; null for the stored one that it names.</param>
    /// <exception cref="InvalidRequestException">Something is wrong with it.</exception>
    public static async Task<Mailbox> ReadAsync(
        MailboxInput input, Mailbox? stored, IStore store, CancellationToken cancellationToken, EmailServerProfile? planned = null)
    {
        Faults faults = new();
        Settings settings = await store.Settings.ReadAsync(cancellationToken);
        string? address = faults.Address("emailAddress", input.EmailAddress);
        if (address is null)
            faults.Add("emailAddress", null, "It is needed.", "Give the mailbox's address.");
        EmailServerProfile? profile = planned ?? await FindProfileAsync(input.Profile, settings, store, faults, cancellationToken);
        if (input.AppointmentsContactsTasks is not (null or "none"))
            faults.Add("appointmentsContactsTasks", input.AppointmentsContactsTasks, "Appointments, contacts and tasks are not supported for POP3/SMTP.", "Give none.");
        if (input.LeaveOnServerDays is { } days)
            faults.Number("leaveOnServerDays", days, 0, 3650, 0);
        if (input.MaximumMessageSize is <= 0 or > 1L << 30)
            faults.Add("maximumMessageSize", $"{input.MaximumMessageSize}", "It is out of bounds.", "Give 1 to 1073741824 octets.");
        if (input.DeleteOnlyAcknowledged == true && input.DeleteEmailsAfterProcessing != true && input.LeaveOnServerDays is null)
            faults.Add("deleteOnlyAcknowledged", "true", "Nothing is deleted on the server.", "Set deleteEmailsAfterProcessing or leaveOnServerDays too.");
        faults.Secret("password", input.Password, 200);
        faults.Secret("refreshToken", input.RefreshToken, 8192);
        Mailbox mailbox = new()
        {
            Id = stored?.Id ?? default,
            Version = stored?.Version ?? 0,
            Name = faults.Text("name", input.Name ?? address, 1, 200, address ?? ""),
            EmailAddress = address ?? "",
            Kind = faults.Choice("kind", input.Kind, MailboxKind.User),
            // One that is about to be made has no id yet.
            Profile = profile is { Id.Value: > 0 } ? profile.Id : planned is null ? default : stored?.Profile ?? default,
            UserName = faults.OptionalText("userName", input.UserName, 200),
            AllowCredentialsForEmailProcessing = input.AllowCredentialsForEmailProcessing ?? (input.Password ?? input.RefreshToken) is not null,
            IncomingEmail = faults.Choice("incomingEmail", input.IncomingEmail, settings.DefaultIncomingEmail),
            OutgoingEmail = faults.Choice("outgoingEmail", input.OutgoingEmail, settings.DefaultOutgoingEmail),
            Approval = stored?.Approval ?? EmailApproval.Pending,
            ApprovalBy = stored?.ApprovalBy,
            ApprovalAt = stored?.ApprovalAt,
            State = stored?.State ?? new(),
            ProcessEmailsReceivedAfter = input.ProcessEmailsReceivedAfter,
            DeleteEmailsAfterProcessing = input.DeleteEmailsAfterProcessing ?? false,
            LeaveOnServerDays = input.LeaveOnServerDays,
            DeleteOnlyAcknowledged = input.DeleteOnlyAcknowledged ?? false,
            MaximumMessageSize = input.MaximumMessageSize ?? Mailbox.DefaultMaximumMessageSize,
        };
        if (profile is not null)
            CheckServers(mailbox, profile, faults);
        faults.ThrowIfAny();
        return stored is not null && await IsElsewhereAsync(stored, mailbox, store, cancellationToken)
            ? mailbox with { Approval = EmailApproval.Pending, ApprovalBy = null, ApprovalAt = null }
            : mailbox;
    }

    /// <summary>Stores a change of a mailbox, with what it brings along.</summary>
    /// <param name="store">Where.</param>
    /// <param name="stored">The mailbox as it was read.</param>
    /// <param name="wanted">What it is to be, from <see cref="ReadAsync"/>.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="VersionConflictException">Somebody else changed it since.</exception>
    public static async Task<Mailbox> ApplyAsync(IStore store, Mailbox stored, Mailbox wanted, CancellationToken cancellationToken)
    {
        // Another address or server than the one that was agreed to: it waits for a new agreement, and a new password.
        bool isElsewhere = await IsElsewhereAsync(stored, wanted, store, cancellationToken);
        Mailbox changed = await store.Mailboxes.UpdateAsync(wanted, cancellationToken);
        if (isElsewhere)
        {
            await store.Secrets.ForgetAsync(SecretName.Of(changed.Id), cancellationToken);
            await store.Secrets.ForgetAsync(SecretName.RefreshTokenOf(changed.Id), cancellationToken);
            await DisableAsync(store, changed.Id, cancellationToken);
        }

        // Newly associated: what was skipped under another profile's date is judged by this one's.
        if (stored.Profile != changed.Profile)
            await store.Incoming.ForgetSkippedAsync(changed.Id, cancellationToken);
        return changed;
    }

    /// <summary>Agrees to a mailbox being processed, or refuses it.</summary>
    /// <exception cref="VersionConflictException">Somebody changed it since it was read.</exception>
    public static async Task<Mailbox> JudgeAsync(
        IStore store, Mailbox mailbox, EmailApproval verdict, string by, DateTimeOffset at, CancellationToken cancellationToken) =>
        await store.Mailboxes.UpdateAsync(mailbox with { Approval = verdict, ApprovalBy = by, ApprovalAt = at }, cancellationToken);

    /// <summary>The mailbox has another server or another address than the one that was agreed to: it waits for a new agreement, and a new password.</summary>
    public static async Task<Mailbox> ReturnToPendingAsync(IStore store, Mailbox mailbox, CancellationToken cancellationToken)
    {
        await store.Secrets.ForgetAsync(SecretName.Of(mailbox.Id), cancellationToken);
        await store.Secrets.ForgetAsync(SecretName.RefreshTokenOf(mailbox.Id), cancellationToken);
        await DisableAsync(store, mailbox.Id, cancellationToken);
        // Newly associated: what was skipped under another profile's date is judged by this one's.
        await store.Incoming.ForgetSkippedAsync(mailbox.Id, cancellationToken);
        return await store.Mailboxes.UpdateAsync(mailbox with { Approval = EmailApproval.Pending, ApprovalBy = null, ApprovalAt = null }, cancellationToken);
    }

    /// <summary>Nothing is done for the mailbox until it is tested again.</summary>
    public static ValueTask DisableAsync(IStore store, MailboxId mailbox, CancellationToken cancellationToken) =>
        store.Mailboxes.RecordAsync(
            mailbox, state => state with { EnabledForIncoming = false, EnabledForOutgoing = false, NextPollAt = null, PostponedUntil = null }, cancellationToken);

    private static void CheckServers(Mailbox mailbox, EmailServerProfile profile, Faults faults)
    {
        if (mailbox.IncomingEmail == DeliveryMethod.ServerSideSynchronization && profile.Incoming.Location is null)
            faults.Add("incomingEmail", null, $"The profile '{profile.Name}' has no incoming server.", "Give none, or give the profile an incomingServerLocation.");
        if (mailbox.OutgoingEmail == DeliveryMethod.ServerSideSynchronization && profile.Outgoing.Location is null)
            faults.Add("outgoingEmail", null, $"The profile '{profile.Name}' has no outgoing server.", "Give none, or give the profile an outgoingServerLocation.");
    }

    private static async ValueTask<bool> IsElsewhereAsync(Mailbox before, Mailbox after, IStore store, CancellationToken cancellationToken)
    {
        if (!string.Equals(before.EmailAddress, after.EmailAddress, StringComparison.OrdinalIgnoreCase))
            return true;
        if (before.Profile == after.Profile)
            return false;
        EmailServerProfile? old = await store.Profiles.FindAsync(before.Profile, cancellationToken);
        EmailServerProfile? other = await store.Profiles.FindAsync(after.Profile, cancellationToken);
        return old?.Incoming.Location != other?.Incoming.Location || old?.Outgoing.Location != other?.Outgoing.Location
            || old?.OAuth?.TokenEndpoint != other?.OAuth?.TokenEndpoint;
    }

    private static async Task<EmailServerProfile?> FindProfileAsync(
        string? idOrName, Settings settings, IStore store, Faults faults, CancellationToken cancellationToken)
    {
        string? wanted = idOrName ?? settings.DefaultProfile?.ToString();
        if (wanted is null)
        {
            faults.Add("profile", null, "It is needed: the settings name no default profile.", "Give a profile's id or name.");
            return null;
        }

        try
        {
            return await ProfilesApi.FindAsync(store, wanted, cancellationToken);
        }
        catch (NotStoredException missing)
        {
            faults.Add("profile", wanted, missing.Message, "Give a profile's id or name.");
            return null;
        }
    }
}
