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
    /// <summary>Stores a new profile with its secrets.</summary>
    public static async Task<EmailServerProfile> CreateAsync(
        IStore store, EmailServerProfile profile, ProfileInput input, CancellationToken cancellationToken)
    {
        EmailServerProfile created = await store.Profiles.CreateAsync(profile, cancellationToken);
        await SetSecretsAsync(store, created, input, cancellationToken);
        return created;
    }

    /// <summary>Stores a change, where no server goes that mailboxes use.</summary>
    /// <exception cref="InvalidRequestException">One does.</exception>
    public static async Task<EmailServerProfile> UpdateAsync(
        IStore store, IMailboxScheduler scheduler, EmailServerProfile stored, EmailServerProfile changed, ProfileInput input, CancellationToken cancellationToken)
    {
        await RefuseMissingServersAsync(store, stored, changed, FrozenSet<string>.Empty, cancellationToken);
        return await StoreAsync(store, scheduler, stored, changed, input, cancellationToken);
    }

    /// <summary>Stores a change: secrets that were given for another server are forgotten, those that came along are kept.</summary>
    public static async Task<EmailServerProfile> StoreAsync(
        IStore store, IMailboxScheduler scheduler, EmailServerProfile stored, EmailServerProfile changed, ProfileInput input, CancellationToken cancellationToken)
    {
        EmailServerProfile updated = await store.Profiles.UpdateAsync(changed, cancellationToken);
        await ForgetSecretsOfOtherServersAsync(store, stored, updated, cancellationToken);
        await SetSecretsAsync(store, updated, input, cancellationToken);
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
        // What is asked for at one token endpoint, for one pair of servers, is nothing that another may have.
        bool tokensMoved = before.OAuth?.TokenEndpoint != after.OAuth?.TokenEndpoint || before.OAuth?.ClientId != after.OAuth?.ClientId;
        if (incomingMoved || outgoingMoved || tokensMoved)
        {
            await store.Secrets.ForgetAsync(SecretName.Of(after.Id, SecretKind.ClientSecret), cancellationToken);
            await store.Secrets.ForgetAsync(SecretName.Of(after.Id, SecretKind.RefreshToken), cancellationToken);
        }

        if (!incomingMoved && !outgoingMoved && !(tokensMoved && before.OAuth is not null))
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

    private static async Task SetSecretsAsync(IStore store, EmailServerProfile profile, ProfileInput input, CancellationToken cancellationToken)
    {
        foreach ((_, SecretName name, string? given) in SecretsOf(profile.Id, input))
        {
            if (given is not null)
                await store.Secrets.SetAsync(name, new Secret(given), cancellationToken);
        }
    }
}
