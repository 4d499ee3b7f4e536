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
    public static async Task<Mailbox> CreateAsync(IStore store, MailboxInput input, CancellationToken cancellationToken) =>
        await store.Mailboxes.CreateAsync(
            await MailboxChanges.ReadAsync(input, stored: null, store, cancellationToken), cancellationToken, GivenSecrets(input));

    /// <summary>Stores a change; with another address or server the mailbox waits for a new approval.</summary>
    public static async Task<Mailbox> UpdateAsync(
        IStore store, IMailboxScheduler scheduler, Mailbox changed, MailboxInput input, CancellationToken cancellationToken)
    {
        Mailbox updated = await store.Mailboxes.UpdateAsync(changed, cancellationToken, GivenSecrets(input));
        scheduler.MailboxChanged(updated.Id);
        return updated;
    }

    /// <summary>The secrets that were given, as the store takes them.</summary>
    public static IReadOnlyList<GivenSecret> GivenSecrets(MailboxInput input) =>
    [
        .. Given(SecretKind.Incoming, input.Password),
        .. Given(SecretKind.RefreshToken, input.RefreshToken),
    ];

    private static IEnumerable<GivenSecret> Given(SecretKind kind, string? secret) => secret is null ? [] : [new(kind, new Secret(secret))];
}
