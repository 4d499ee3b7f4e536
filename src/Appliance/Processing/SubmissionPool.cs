using System.Collections.Concurrent;
using EmailSync.Appliance.Model;
using EmailSync.Protocols.Smtp;

namespace EmailSync.Appliance.Processing;

/// <summary>
/// Keeps a session for submission open a little while after its last email, so that the next one needs no handshake and no sign-in.
/// </summary>
/// <remarks>
/// A session belongs to one profile, one mailbox (the credential) and the version of both, and serves nobody else; at a relay without
/// credentials the mailboxes of the profile share it. An idle session still counts on the server, so there is one for each owner at most,
/// not for long, and only while the limits of connections leave room for it.
/// </remarks>
public sealed class SubmissionPool(MailSessions sessions, TimeProvider clock) : IAsyncDisposable
{
    /// <summary>How long a session waits for its next email: long enough for an application that sends one by one.</summary>
    public static readonly TimeSpan IdleTime = TimeSpan.FromSeconds(5);

    /// <summary>How long one session is used at all (Postfix's smtp_connection_reuse_time_limit).</summary>
    public static readonly TimeSpan LongestUse = TimeSpan.FromSeconds(300);

    /// <summary>How many emails go through one session: servers begin to refuse somewhere above.</summary>
    public const int MostEmails = 100;

    private const int MostIdle = 256;

    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<Owner, Idle> _idle = new();
    private readonly ConcurrentDictionary<Task, bool> _closing = new();
    private bool _isClosed;

    /// <summary>A session for the mailbox: one that waits, or a new one.</summary>
    /// <param name="mailbox">Whose.</param>
    /// <param name="profile">Its profile.</param>
    /// <param name="mustBeNew">One that waited has just turned out to be dead.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<PooledSubmission> RentAsync(
        Mailbox mailbox, EmailServerProfile profile, bool mustBeNew, CancellationToken cancellationToken)
    {
        Owner owner = Owner.Of(mailbox, profile);
        if (_idle.TryRemove(owner, out Idle? idle))
        {
            await idle.Timer.DisposeAsync();
            if (!mustBeNew && IsOfUse(idle.Submission))
                return idle.Submission.Reused();
            await CloseAsync(idle.Submission);
        }

        // One that belongs to an earlier version will serve nobody any more.
        foreach (Idle outdated in _idle.Values.Where(other => IsOfSame(other.Submission.Owner, owner)))
            await CloseIdleAsync(outdated);
        return new(owner, await sessions.OpenSubmissionAsync(mailbox, profile, steps: null, cancellationToken), clock.GetTimestamp(), profile.Outgoing.Location?.Host.Name ?? "");
    }

    /// <summary>Closes of the sessions that wait those for which there is no room, the oldest first, and returns when they are closed.</summary>
    public async Task MakeRoomAsync(MailboxId mailbox, ProfileId profile, Work work, Room room)
    {
        (int all, int ofProfile) = (0, 0);
        Dictionary<string, int> ofHosts = new(StringComparer.OrdinalIgnoreCase);
        List<Idle> surplus = [];
        foreach (Idle idle in _idle.Values.OrderByDescending(idle => idle.Since))
        {
            Owner owner = idle.Submission.Owner;
            // Its own session is the one that it will send through.
            if (owner.Mailbox == mailbox && work == Work.Send)
                continue;
            string host = idle.Submission.Host;
            int atHost = ofHosts[host] = ofHosts.GetValueOrDefault(host) + 1;
            if (++all > room.OfAppliance
                || (owner.Profile == profile && ++ofProfile > room.OfProfile)
                || (owner.Mailbox == mailbox && room.IsOneForEachMailbox)
                || (room.OfHosts.TryGetValue(host, out int most) && atHost > most))
                surplus.Add(idle);
        }

        foreach (Idle idle in surplus)
            Expire(idle);
        int least = room.OfHosts.Values.Append(room.OfProfile ?? room.OfAppliance).Append(room.OfAppliance).Min();
        if (surplus.Count > 0 || _closing.Count > least)
            await Task.WhenAll(_closing.Keys);
    }

    /// <summary>Takes a session back. One that is broken, spent or worn out is closed.</summary>
    public async ValueTask ReturnAsync(PooledSubmission submission)
    {
        if (!IsOfUse(submission) || _isClosed || _idle.Count >= MostIdle)
        {
            await CloseAsync(submission);
            return;
        }

        Idle idle = new(submission, clock.GetTimestamp());
        idle.Timer = clock.CreateTimer(_ => Expire(idle), null, IdleTime, Timeout.InfiniteTimeSpan);
        if (!_idle.TryAdd(submission.Owner, idle))
        {
            await idle.Timer.DisposeAsync();
            await CloseAsync(submission);
        }
        else if (_isClosed)
        {
            Expire(idle);
        }
    }

    /// <summary>The session may take another email.</summary>
    public bool IsOfUse(PooledSubmission submission) =>
        !submission.Session.IsBroken && !submission.Session.IsSpent
        && submission.Emails < MostEmails && clock.GetElapsedTime(submission.OpenedAt) < LongestUse;

    /// <summary>Says farewell on every session that waits.</summary>
    public async ValueTask DisposeAsync()
    {
        _isClosed = true;
        foreach (Idle idle in _idle.Values)
            Expire(idle);
        await Task.WhenAll(_closing.Keys);
    }

    private static bool IsOfSame(Owner one, Owner other) =>
        one.Mailbox == other.Mailbox && (one.Mailbox is not null || one.Profile == other.Profile);

    private async Task CloseIdleAsync(Idle idle)
    {
        if (!_idle.TryRemove(new(idle.Submission.Owner, idle)))
            return;
        await idle.Timer.DisposeAsync();
        await CloseAsync(idle.Submission);
    }

    private void Expire(Idle idle)
    {
        Task closing = CloseIdleAsync(idle);
        _closing[closing] = true;
        closing.ContinueWith(done => _closing.TryRemove(done, out _), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
    }

    // What was accepted stays accepted whatever happens to QUIT, so a server that does not answer it is not waited for.
    private async Task CloseAsync(PooledSubmission submission)
    {
        await using SmtpSession session = submission.Session;
        if (session.IsBroken)
            return;
        using CancellationTokenSource enough = new(Farewell, clock);
        try
        {
            await session.QuitAsync(enough.Token);
        }
        catch (OperationCanceledException) when (enough.IsCancellationRequested)
        {
            // Closed without its answer.
        }
    }

    private sealed class Idle(PooledSubmission submission, long since)
    {
        public PooledSubmission Submission => submission;

        /// <summary>Since when nobody uses it: a timestamp of the clock.</summary>
        public long Since => since;

        public ITimer Timer { get; set; } = null!;
    }
}

/// <summary>Whose a session is. A change of the profile or the mailbox, its password among them, makes another version, and so another owner.</summary>
/// <param name="Profile">The profile.</param>
/// <param name="ProfileVersion">Its version.</param>
/// <param name="Mailbox">The mailbox; null where nobody signs in.</param>
/// <param name="MailboxVersion">Its version.</param>
public readonly record struct Owner(ProfileId Profile, long ProfileVersion, MailboxId? Mailbox, long MailboxVersion)
{
    /// <summary>The owner of a mailbox's sessions.</summary>
    public static Owner Of(Mailbox mailbox, EmailServerProfile profile) =>
        profile.CredentialSide(MailService.Submission).CredentialRetrieval == CredentialRetrieval.Anonymous
            ? new(profile.Id, profile.Version, null, 0)
            : new(profile.Id, profile.Version, mailbox.Id, mailbox.Version);
}

/// <summary>A session for submission, and how much it has been used.</summary>
public sealed class PooledSubmission(Owner owner, SmtpSession session, long openedAt, string host)
{
    /// <summary>Whose it is.</summary>
    public Owner Owner => owner;

    /// <summary>The session.</summary>
    public SmtpSession Session => session;

    /// <summary>When it was opened: a timestamp of the clock.</summary>
    public long OpenedAt => openedAt;

    /// <summary>The host that it is open to.</summary>
    public string Host => host;

    /// <summary>Emails that went through it.</summary>
    public int Emails { get; private set; }

    /// <summary>It waited in the pool and nothing has gone through it since: the server may have closed it.</summary>
    public bool IsUntried { get; private set; }

    /// <summary>An email went through it.</summary>
    public void Count()
    {
        Emails++;
        IsUntried = false;
    }

    internal PooledSubmission Reused()
    {
        IsUntried = true;
        return this;
    }
}
