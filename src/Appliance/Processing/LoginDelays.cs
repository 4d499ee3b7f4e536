using System.Collections.Concurrent;
using EmailSync.Appliance.Model;
using EmailSync.Protocols.Pop3;

namespace EmailSync.Appliance.Processing;

/// <summary>
/// When a mailbox may sign in again, where its server announces how long it wants to be left alone between two sign-ins (LOGIN-DELAY, RFC 2449
/// section 6.5). Kept for such mailboxes only, and not over a restart: then the server says it by refusing.
/// </summary>
public sealed class LoginDelays(TimeProvider clock)
{
    // More than a day is no delay but a refusal (the RFC sets no bound).
    private static readonly TimeSpan Longest = TimeSpan.FromHours(24);

    // As long as somebody who watches a test waits for one of its steps.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly ConcurrentDictionary<MailboxId, DateTimeOffset> _earliest = new();
    private readonly ConcurrentDictionary<MailboxId, TimeSpan> _excessive = new();

    /// <summary>The moment before which a mailbox may not sign in; null where it may now.</summary>
    public DateTimeOffset? Earliest(MailboxId mailbox)
    {
        if (!_earliest.TryGetValue(mailbox, out DateTimeOffset earliest))
            return null;
        if (earliest > clock.GetUtcNow())
            return earliest;
        _earliest.TryRemove(new(mailbox, earliest));
        return null;
    }

    /// <summary>A moment, or the one at which a mailbox may sign in where that is later.</summary>
    public DateTimeOffset NotBefore(MailboxId mailbox, DateTimeOffset moment) => Earliest(mailbox) is { } earliest && earliest > moment ? earliest : moment;

    /// <summary>What a server asks for, as far as it is kept to.</summary>
    public static TimeSpan Bounded(TimeSpan delay) => delay < Longest ? delay : Longest;

    /// <summary>What the server asks for, where that is longer than is kept to.</summary>
    public TimeSpan? Excessive(MailboxId mailbox) => _excessive.TryGetValue(mailbox, out TimeSpan asked) ? asked : null;

    /// <summary>A mailbox has signed in.</summary>
    public void Note(MailboxId mailbox, Pop3Capabilities? capabilities)
    {
        if (capabilities?.LoginDelay > Longest)
            _excessive[mailbox] = capabilities.LoginDelay.Value;
        else
            _excessive.TryRemove(mailbox, out _);
        if (capabilities?.LoginDelay is { } delay && delay > TimeSpan.Zero)
            _earliest[mailbox] = clock.GetUtcNow() + Bounded(delay);
    }

    /// <summary>Waits for a moment that is near.</summary>
    /// <exception cref="SignInTooSoonException">It is not near.</exception>
    public async Task WaitAsync(MailboxId mailbox, CancellationToken cancellationToken)
    {
        while (Earliest(mailbox) is { } earliest)
        {
            TimeSpan left = earliest - clock.GetUtcNow();
            if (left > Patience)
                throw new SignInTooSoonException(earliest, left);
            await Task.Delay(left, clock, cancellationToken);
        }
    }
}
