using EmailSync.Appliance.Api.Contracts;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Scheduling;
using EmailSync.Appliance.Store;
using EmailSync.Protocols.Wire;

namespace EmailSync.Appliance.Api;

/// <summary>Stores mailboxes with their passwords.</summary>
internal static class MailboxSaving
{
    /// <summary>Stores a new mailbox.</summary>
    public static async Task<Mailbox> CreateAsync(IStore store, MailboxInput input, CancellationToken cancellationToken)
    {
        Mailbox created = await store.Mailboxes.CreateAsync(await MailboxChanges.ReadAsync(input, stored: null, store, cancellationToken), cancellationToken);
        await SetPasswordAsync(store, created, input, cancellationToken);
        return created;
    }

    /// <summary>Stores a change; with another address or server the mailbox waits for a new approval.</summary>
    public static async Task<Mailbox> UpdateAsync(
        IStore store, IMailboxScheduler scheduler, Mailbox stored, Mailbox changed, MailboxInput input, CancellationToken cancellationToken)
    {
        Mailbox updated = await MailboxChanges.ApplyAsync(store, stored, changed, cancellationToken);
        await SetPasswordAsync(store, updated, input, cancellationToken);
        scheduler.MailboxChanged(updated.Id);
        return updated;
    }

    private static async Task SetPasswordAsync(IStore store, Mailbox mailbox, MailboxInput input, CancellationToken cancellationToken)
    {
        if (input.Password is { } password)
            await store.Secrets.SetAsync(SecretName.Of(mailbox.Id), new Secret(password), cancellationToken);
        if (input.RefreshToken is { } token)
            await store.Secrets.SetAsync(SecretName.RefreshTokenOf(mailbox.Id), new Secret(token), cancellationToken);
    }
}
