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
    /// <param name="isProfileKnown">False where its profile is only about to be made.</param>
    /// <exception cref="InvalidRequestException">Something is wrong with it.</exception>
    public static async Task<Mailbox> ReadAsync(
        MailboxInput input, Mailbox? stored, IStore store, CancellationToken cancellationToken, bool isProfileKnown = true)
    {
        Faults faults = new();
        Settings settings = await store.Settings.ReadAsync(cancellationToken);
        string? address = faults.Address("emailAddress", input.EmailAddress);
        if (address is null)
            faults.Add("emailAddress", null, "It is needed.", "Give the mailbox's address.");
        ProfileId? profile = isProfileKnown ? await FindProfileAsync(input.Profile, settings, store, faults, cancellationToken) : stored?.Profile;
        if (input.AppointmentsContactsTasks is not (null or "none"))
            faults.Add("appointmentsContactsTasks", input.AppointmentsContactsTasks, "Appointments, contacts and tasks are not supported for POP3/SMTP.", "Give none.");
        if (input.LeaveOnServerDays is { } days)
            faults.Number("leaveOnServerDays", days, 0, 3650, 0);
        if (input.MaximumMessageSize is <= 0 or > 1L << 30)
            faults.Add("maximumMessageSize", $"{input.MaximumMessageSize}", "It is out of bounds.", "Give 1 to 1073741824 octets.");
        faults.Secret("password", input.Password, 200);
        faults.Secret("refreshToken", input.RefreshToken, 8192);
        Mailbox mailbox = new()
        {
            Id = stored?.Id ?? default,
            Version = stored?.Version ?? 0,
            Name = faults.Text("name", input.Name ?? address, 1, 200, address ?? ""),
            EmailAddress = address ?? "",
            Kind = faults.Choice("kind", input.Kind, MailboxKind.User),
            Profile = profile ?? default,
            UserName = faults.OptionalText("userName", input.UserName, 200),
            AllowCredentialsForEmailProcessing = input.AllowCredentialsForEmailProcessing ?? (input.Password ?? input.RefreshToken) is not null,
            IncomingEmail = faults.Choice("incomingEmail", input.IncomingEmail, settings.DefaultIncomingEmail),
            OutgoingEmail = faults.Choice("outgoingEmail", input.OutgoingEmail, settings.DefaultOutgoingEmail),
            Approval = stored?.Approval ?? EmailApproval.Pending,
            ApprovalBy = stored?.ApprovalBy,
            ApprovalAt = stored?.ApprovalAt,
            ProcessEmailsReceivedAfter = input.ProcessEmailsReceivedAfter,
            DeleteEmailsAfterProcessing = input.DeleteEmailsAfterProcessing ?? false,
            LeaveOnServerDays = input.LeaveOnServerDays,
            MaximumMessageSize = input.MaximumMessageSize ?? Mailbox.DefaultMaximumMessageSize,
        };
        faults.ThrowIfAny();
        return mailbox;
    }

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

    private static async Task<ProfileId?> FindProfileAsync(
        string? idOrName, Settings settings, IStore store, Faults faults, CancellationToken cancellationToken)
    {
        if (idOrName is null && settings.DefaultProfile is null)
            faults.Add("profile", null, "It is needed: the settings name no default profile.", "Give a profile's id or name.");
        if (idOrName is null)
            return settings.DefaultProfile;
        try
        {
            return (await ProfilesApi.FindAsync(store, idOrName, cancellationToken)).Id;
        }
        catch (NotStoredException missing)
        {
            faults.Add("profile", idOrName, missing.Message, "Give a profile's id or name.");
            return null;
        }
    }
}
