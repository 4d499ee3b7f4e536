using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Store;

/// <summary>
/// What a change of servers takes away. A secret was given for one server, and an agreement too: whoever names another server gives the secret
/// anew (it would otherwise go to a host of their choice) and asks for a new agreement.
/// </summary>
public static class Relocation
{
    /// <summary>The profile's own secrets that the changed profile may not have.</summary>
    public static IEnumerable<SecretKind> SecretsLost(EmailServerProfile before, EmailServerProfile after)
    {
        (bool incoming, bool outgoing, bool tokens) = Moved(before, after);
        // What was given for incoming alone would now go to the outgoing server too.
        bool isSharedAnew = after.UseSameSettingsForOutgoing && !before.UseSameSettingsForOutgoing;
        if (incoming || isSharedAnew || (outgoing && after.UseSameSettingsForOutgoing))
            yield return SecretKind.Incoming;
        if (outgoing)
            yield return SecretKind.Outgoing;
        // What is asked for at one token endpoint, for one pair of servers, is nothing that another may have.
        if (incoming || outgoing || tokens)
        {
            yield return SecretKind.ClientSecret;
            yield return SecretKind.RefreshToken;
        }
    }

    /// <summary>Whether the profile's mailboxes wait for a new agreement and new passwords.</summary>
    public static bool TakesMailboxes(EmailServerProfile before, EmailServerProfile after)
    {
        (bool incoming, bool outgoing, bool tokens) = Moved(before, after);
        return incoming || outgoing || (tokens && before.OAuth is not null);
    }

    /// <summary>Whether a mailbox that is changed has another address or another server than the one that was agreed to.</summary>
    public static bool IsElsewhere(Mailbox before, EmailServerProfile? profileBefore, Mailbox after, EmailServerProfile? profileAfter) =>
        !string.Equals(before.EmailAddress, after.EmailAddress, StringComparison.OrdinalIgnoreCase)
        || profileBefore?.Incoming.Location != profileAfter?.Incoming.Location
        || profileBefore?.Outgoing.Location != profileAfter?.Outgoing.Location
        || profileBefore?.OAuth?.TokenEndpoint != profileAfter?.OAuth?.TokenEndpoint;

    private static (bool Incoming, bool Outgoing, bool Tokens) Moved(EmailServerProfile before, EmailServerProfile after) => (
        before.Incoming.Location != after.Incoming.Location,
        before.Outgoing.Location != after.Outgoing.Location,
        before.OAuth?.TokenEndpoint != after.OAuth?.TokenEndpoint || before.OAuth?.ClientId != after.OAuth?.ClientId);
}
