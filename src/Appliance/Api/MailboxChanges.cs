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
    /// <param name="planned">Its profile and the settings as they are about to be; null for those that are stored.</param>
    /// <exception cref="InvalidRequestException">Something is wrong with it.</exception>
    public static async Task<Mailbox> ReadAsync(
        MailboxInput input, Mailbox? stored, IStore store, CancellationToken cancellationToken, (EmailServerProfile Profile, Settings Settings)? planned = null)
    {
        Faults faults = new();
        Settings settings = planned?.Settings ?? await store.Settings.ReadAsync(cancellationToken);
        string? address = faults.Address("emailAddress", input.EmailAddress);
        if (address is null)
            faults.Add("emailAddress", null, "It is needed.", "Give the mailbox's address.");
        EmailServerProfile? profile = planned?.Profile ?? await FindProfileAsync(input.Profile, settings, store, faults, cancellationToken);
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
        return stored is not null && Relocation.IsElsewhere(stored, await store.Profiles.FindAsync(stored.Profile, cancellationToken), mailbox, profile)
            ? mailbox with { Approval = EmailApproval.Pending, ApprovalBy = null, ApprovalAt = null }
            : mailbox;
    }

    /// <summary>Agrees to a mailbox being processed, or refuses it.</summary>
    /// <exception cref="VersionConflictException">Somebody changed it since it was read.</exception>
    public static async Task<Mailbox> JudgeAsync(
        IStore store, Mailbox mailbox, EmailApproval verdict, string by, DateTimeOffset at, CancellationToken cancellationToken) =>
        await store.Mailboxes.UpdateAsync(mailbox with { Approval = verdict, ApprovalBy = by, ApprovalAt = at }, cancellationToken);

    /// <summary>Nothing is done for the mailbox until it is tested again.</summary>
    public static ValueTask DisableAsync(IStore store, MailboxId mailbox, CancellationToken cancellationToken) =>
        store.Mailboxes.RecordAsync(mailbox, state => state.Disabled(), cancellationToken);

    private static void CheckServers(Mailbox mailbox, EmailServerProfile profile, Faults faults)
    {
        if (mailbox.IncomingEmail == DeliveryMethod.ServerSideSynchronization && profile.Incoming.Location is null)
            faults.Add("incomingEmail", null, $"The profile '{profile.Name}' has no incoming server.", "Give none, or give the profile an incomingServerLocation.");
        if (mailbox.OutgoingEmail == DeliveryMethod.ServerSideSynchronization && profile.Outgoing.Location is null)
            faults.Add("outgoingEmail", null, $"The profile '{profile.Name}' has no outgoing server.", "Give none, or give the profile an outgoingServerLocation.");
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
