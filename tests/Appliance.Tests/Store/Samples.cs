using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Text;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;

namespace EmailSync.Appliance.Tests.Store;

/// <summary>Profiles, mailboxes and messages for tests of the store.</summary>
public static class Samples
{
    private static readonly ConditionalWeakTable<IStore, ConcurrentDictionary<(MailboxId, EmailDirection), Lazy<Task<Lease>>>> Leases = [];

    public static EmailServerProfile Profile(string name = "Contoso") => new() { Name = name };

    public static Mailbox Mailbox(ProfileId profile, string address = "ada@example.com") =>
        new() { Name = address, EmailAddress = address, Profile = profile };

    public static byte[] Message(string subject, int bodyLength = 100) =>
        [.. Encoding.ASCII.GetBytes(
            $"From: <bob@example.com>\r\nTo: <ada@example.com>\r\nSubject: {subject}\r\nMessage-ID: <{subject}@example.com>\r\n\r\n"),
         .. Enumerable.Repeat((byte)'x', bodyLength)];

    /// <summary>A mailbox with a profile of its own.</summary>
    public static async Task<MailboxId> AddMailboxAsync(
        this IStore store, string address = "ada@example.com", CancellationToken cancellationToken = default)
    {
        EmailServerProfile profile = await store.Profiles.CreateAsync(Profile("Profile of " + address), cancellationToken);
        return (await store.Mailboxes.CreateAsync(Mailbox(profile.Id, address), cancellationToken)).Id;
    }

    /// <summary>The lease of a test that has a mailbox for itself: taken at the first call, the same at each further one.</summary>
    public static Task<Lease> LeaseAsync(this IStore store, MailboxId mailbox, EmailDirection direction = EmailDirection.Incoming)
    {
        return Leases.GetOrCreateValue(store).GetOrAdd((mailbox, direction), _ => new(TakeAsync)).Value;

        async Task<Lease> TakeAsync() =>
            await store.Leases.TakeAsync(mailbox, direction, "test", TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken)
                ?? throw new InvalidOperationException($"{mailbox} is leased to somebody else.");
    }

    /// <summary>The lease of <see cref="LeaseAsync"/> for sending.</summary>
    public static Task<Lease> LeaseOutboxAsync(this IStore store, MailboxId mailbox) => store.LeaseAsync(mailbox, EmailDirection.Outgoing);

    /// <summary>The lease of <see cref="LeaseAsync"/> for sending what is in the outbox of its mailbox.</summary>
    public static async Task<Lease> LeaseOutboxAsync(this IStore store, EmailId email) =>
        await store.LeaseOutboxAsync((await store.Emails.FindAsync(email, TestContext.Current.CancellationToken))?.Mailbox ?? default);

    /// <summary>Receives a message under a lease.</summary>
    public static async Task ReceiveUnderAsync(this IStore store, Lease lease, string uniqueId, CancellationToken cancellationToken)
    {
        await using IncomingDraft draft = store.Incoming.Begin(lease, Encoding.ASCII.GetBytes(uniqueId));
        await draft.WriteAsync(Message(uniqueId), cancellationToken);
        await draft.CommitAsync(EmailState.Received, cancellationToken);
    }

    /// <summary>Receives a message in one piece.</summary>
    public static async Task<EmailId> ReceiveAsync(
        this IStore store, MailboxId mailbox, string uniqueId, byte[] message, CancellationToken cancellationToken = default)
    {
        await using IncomingDraft draft = store.Incoming.Begin(await store.LeaseAsync(mailbox), Encoding.ASCII.GetBytes(uniqueId));
        await draft.WriteAsync(message, cancellationToken);
        return await draft.CommitAsync(EmailState.Received, cancellationToken);
    }

    /// <summary>Puts a message into the outbox.</summary>
    public static ValueTask<EmailId> SubmitAsync(
        this IStore store, Submission submission, byte[] message, CancellationToken cancellationToken = default) =>
        store.Outgoing.EnqueueAsync(submission, new MemoryStream(message), cancellationToken);

    /// <summary>The whole content of an email.</summary>
    public static async Task<byte[]> ReadContentAsync(this IStore store, EmailId email, CancellationToken cancellationToken = default)
    {
        await using Stream content = await store.Emails.OpenContentAsync(email, cancellationToken);
        using MemoryStream whole = new();
        await content.CopyToAsync(whole, cancellationToken);
        return whole.ToArray();
    }
}
