using EmailSync.Appliance.Api.Contracts;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Scheduling;
using EmailSync.Appliance.Store;
using EmailSync.Protocols.Wire;

namespace EmailSync.Appliance.Api;

/// <summary>What a change of a profile brings with it.</summary>
internal static class ProfileChanges
{
    /// <summary>Stores a new profile with its secrets.</summary>
    public static async Task<EmailServerProfile> CreateAsync(
        IStore store, EmailServerProfile profile, ProfileInput input, CancellationToken cancellationToken)
    {
        EmailServerProfile created = await store.Profiles.CreateAsync(profile, cancellationToken);
        await SetSecretsAsync(store, created, input, cancellationToken);
        return created;
    }

    /// <summary>Stores a change: secrets that were given for another server are forgotten, those that came along are kept.</summary>
    public static async Task<EmailServerProfile> UpdateAsync(
        IStore store, IMailboxScheduler scheduler, EmailServerProfile stored, EmailServerProfile changed, ProfileInput input, CancellationToken cancellationToken)
    {
        EmailServerProfile updated = await store.Profiles.UpdateAsync(changed, cancellationToken);
        await ForgetSecretsOfOtherServersAsync(store, stored, updated, cancellationToken);
        await SetSecretsAsync(store, updated, input, cancellationToken);
        scheduler.ProfileChanged(updated.Id);
        return updated;
    }

    // A password was given for one server; whoever changes the server must give it anew (it would otherwise go to a host of their choice).
    private static async Task ForgetSecretsOfOtherServersAsync(
        IStore store, EmailServerProfile before, EmailServerProfile after, CancellationToken cancellationToken)
    {
        bool incomingMoved = before.Incoming.Location != after.Incoming.Location;
        bool outgoingMoved = before.Outgoing.Location != after.Outgoing.Location;
        // What was given for incoming alone would now go to the outgoing server too.
        bool isSharedAnew = after.UseSameSettingsForOutgoing && !before.UseSameSettingsForOutgoing;
        if (incomingMoved || isSharedAnew || (outgoingMoved && after.UseSameSettingsForOutgoing))
            await store.Secrets.ForgetAsync(SecretName.Of(after.Id, SecretKind.Incoming), cancellationToken);
        if (outgoingMoved)
            await store.Secrets.ForgetAsync(SecretName.Of(after.Id, SecretKind.Outgoing), cancellationToken);
        if (!incomingMoved && !outgoingMoved)
            return;

        const int Page = 500;
        MailboxId? last = null;
        while (true)
        {
            IReadOnlyList<Mailbox> page = await store.Mailboxes.ListAsync(new() { Profile = after.Id }, last, Page, cancellationToken);
            foreach (Mailbox mailbox in page)
                await MailboxChanges.ReturnToPendingAsync(store, mailbox, cancellationToken);
            if (page.Count < Page)
                return;
            last = page[^1].Id;
        }
    }

    private static async Task SetSecretsAsync(IStore store, EmailServerProfile profile, ProfileInput input, CancellationToken cancellationToken)
    {
        if (input.IncomingPassword is { } incoming)
            await store.Secrets.SetAsync(SecretName.Of(profile.Id, SecretKind.Incoming), new Secret(incoming), cancellationToken);
        if (input.OutgoingPassword is { } outgoing)
            await store.Secrets.SetAsync(SecretName.Of(profile.Id, SecretKind.Outgoing), new Secret(outgoing), cancellationToken);
    }
}
