using System.Collections.Frozen;
using EmailSync.Appliance.Api.Contracts;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Scheduling;
using EmailSync.Appliance.Store;
using EmailSync.Protocols.Wire;

namespace EmailSync.Appliance.Api;

/// <summary>What a change of a profile brings with it.</summary>
internal static class ProfileChanges
{
    /// <summary>Stores a change, where no server goes that mailboxes use.</summary>
    /// <exception cref="InvalidRequestException">One does.</exception>
    public static async Task<EmailServerProfile> UpdateAsync(
        IStore store, IMailboxScheduler scheduler, EmailServerProfile stored, EmailServerProfile changed, ProfileInput input, CancellationToken cancellationToken)
    {
        await RefuseMissingServersAsync(store, stored, changed, FrozenSet<string>.Empty, cancellationToken);
        EmailServerProfile updated = await store.Profiles.UpdateAsync(changed, cancellationToken, GivenSecrets(input));
        scheduler.ProfileChanged(updated.Id);
        return updated;
    }

    /// <summary>A direction that mailboxes use needs its server.</summary>
    /// <param name="store">Knows the mailboxes.</param>
    /// <param name="before">The profile as it is.</param>
    /// <param name="after">The profile as it is to be.</param>
    /// <param name="others">Mailboxes (addresses in capitals) that do not count: they are changed too.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="InvalidRequestException">A server goes that mailboxes use.</exception>
    public static async Task RefuseMissingServersAsync(
        IStore store, EmailServerProfile before, EmailServerProfile after, IReadOnlySet<string> others, CancellationToken cancellationToken)
    {
        Faults faults = new();
        foreach ((string field, MailService service) in ((string, MailService)[])[("incomingServerLocation", MailService.Pop3), ("outgoingServerLocation", MailService.Submission)])
        {
            if (before.Side(service).Location is null || after.Side(service).Location is not null)
                continue;
            List<string> users = await MailboxesApi.AllAsync(store, new() { Profile = after.Id }, cancellationToken)
                .Where(mailbox => mailbox.MethodFor(service) == DeliveryMethod.ServerSideSynchronization && !others.Contains(mailbox.EmailAddress.ToUpperInvariant()))
                .Select(mailbox => mailbox.EmailAddress).Take(10).ToListAsync(cancellationToken);
            if (users.Count > 0)
                faults.Add(field, null, $"Mailboxes use this direction: {string.Join(", ", users)}.", "Give a server, or set the direction of those mailboxes to none first.");
        }

        faults.ThrowIfAny();
    }

    /// <summary>A profile's secrets, by the fields that they are given in.</summary>
    public static IEnumerable<(string Field, SecretName Name, string? Given)> SecretsOf(ProfileId profile, ProfileInput? input = null) =>
    [
        ("incomingPassword", SecretName.Of(profile, SecretKind.Incoming), input?.IncomingPassword),
        ("outgoingPassword", SecretName.Of(profile, SecretKind.Outgoing), input?.OutgoingPassword),
        ("oauthClientSecret", SecretName.Of(profile, SecretKind.ClientSecret), input?.OauthClientSecret),
        ("oauthRefreshToken", SecretName.Of(profile, SecretKind.RefreshToken), input?.OauthRefreshToken),
    ];

    /// <summary>Which of them are stored.</summary>
    public static async Task<IReadOnlySet<string>> SetSecretsOfAsync(IStore store, ProfileId profile, CancellationToken cancellationToken)
    {
        HashSet<string> set = [];
        foreach ((string field, SecretName name, _) in SecretsOf(profile))
        {
            if (await store.Secrets.IsSetAsync(name, cancellationToken))
                set.Add(field);
        }

        return set;
    }

    /// <summary>The secrets that were given, as the store takes them.</summary>
    public static IReadOnlyList<GivenSecret> GivenSecrets(ProfileInput input) =>
        [.. SecretsOf(default, input).Where(secret => secret.Given is not null).Select(secret => new GivenSecret(secret.Name.Kind, new Secret(secret.Given!)))];
}
