using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;
using Microsoft.AspNetCore.Mvc;

namespace EmailSync.Appliance.Api;

/// <summary>Which mailboxes something is done to, from the query: named ones, or those that a filter lets through.</summary>
public sealed class MailboxSelection
{
    /// <summary>Ids or addresses; once for each mailbox.</summary>
    [FromQuery(Name = "mailbox")]
    public string[] Mailboxes { get; init; } = [];

    /// <summary>Of this profile: its id or name.</summary>
    [FromQuery(Name = "profile")]
    public string? Profile { get; init; }

    /// <summary>With this approval.</summary>
    [FromQuery(Name = "approval")]
    public Named<EmailApproval>? Approval { get; init; }

    /// <summary>With this status in either direction.</summary>
    [FromQuery(Name = "status")]
    public Named<EmailStatus>? Status { get; init; }

    /// <summary>Of this kind.</summary>
    [FromQuery(Name = "kind")]
    public Named<MailboxKind>? Kind { get; init; }

    /// <summary>All there are, where nothing else is said: said out loud, so that nobody does it to all by forgetting a filter.</summary>
    [FromQuery(Name = "all")]
    public bool? All { get; init; }

    /// <summary>The mailboxes, in the order of their ids, as they are when they are reached.</summary>
    /// <exception cref="InvalidRequestException">Nothing is selected, named mailboxes do not exist, or names and filters are mixed.</exception>
    public async Task<IAsyncEnumerable<Mailbox>> FindAsync(IStore store, CancellationToken cancellationToken)
    {
        bool isFiltered = Profile is not null || Approval is not null || Status is not null || Kind is not null;
        if (Mailboxes.Length > 0 == (isFiltered || All == true))
            throw InvalidRequestException.Of(
                "mailbox", null, "It is not clear which mailboxes are meant.", "Give either mailbox (once for each), or filters (profile, approval, status, kind), or all=true.");
        if (Mailboxes.Length > 0)
            return (await FindNamedAsync(store, cancellationToken)).ToAsyncEnumerable();

        MailboxFilter filter = new()
        {
            Profile = Profile is null ? null : (await ProfilesApi.FindAsync(store, Profile, cancellationToken)).Id,
            Approval = Approval?.Value,
            Status = Status?.Value,
            Kind = Kind?.Value,
        };
        return MailboxesApi.AllAsync(store, filter, cancellationToken);
    }

    private async Task<IReadOnlyList<Mailbox>> FindNamedAsync(IStore store, CancellationToken cancellationToken)
    {
        Faults faults = new();
        SortedDictionary<long, Mailbox> found = [];
        foreach (string name in Mailboxes)
        {
            if (await MailboxesApi.TryFindAsync(store, name, cancellationToken) is { } mailbox)
                found[mailbox.Id.Value] = mailbox;
            else
                faults.Add("mailbox", name, "There is no such mailbox.", "Give the id or the address of a mailbox.");
        }

        faults.ThrowIfAny();
        return [.. found.Values];
    }
}
