using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store.Sqlite;
using Microsoft.Extensions.Time.Testing;

namespace EmailSync.Appliance.Tests.Store;

/// <summary>An email is claimed by somebody who knows of it, or by nobody: otherwise it would look like one that a crash left in doubt.</summary>
public sealed class ClaimTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    // The clock stands still, so writes that wait together are one commit.
    private readonly FakeTimeProvider _clock = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_claim_that_is_being_committed_is_returned_also_where_the_caller_gives_up_just_then()
    {
        await using SqliteStore store = await SqliteStore.OpenAsync(new() { DataFolder = _folder.Path }, _clock, cancellationToken: Cancellation);
        MailboxId mailbox = await store.AddMailboxAsync("ada@example.com", Cancellation);
        EmailId email = await store.SubmitAsync(new(mailbox, "ada@example.com", ["bob@example.com"]), [1], Cancellation);
        using CancellationTokenSource stop = new();
        using ManualResetEventSlim mayBegin = new();
        using ManualResetEventSlim mayEnd = new();
        TaskCompletionSource isCommitting = new(TaskCreationOptions.RunContinuationsAsynchronously);

        // One write holds the writer until the two others are queued; the last holds the commit that the claim is in.
        Task first = store.Mailboxes.RecordAsync(mailbox, state => { mayBegin.Wait(); return state; }, Cancellation).AsTask();
        Task<Email?> claim = store.Outgoing.ClaimAsync(await store.LeaseOutboxAsync(mailbox), _clock.GetUtcNow(), stop.Token).AsTask();
        Task last = store.Mailboxes.RecordAsync(mailbox, state => { isCommitting.SetResult(); mayEnd.Wait(); return state; }, Cancellation).AsTask();
        mayBegin.Set();
        await isCommitting.Task;
        await stop.CancelAsync();
        mayEnd.Set();

        Assert.Equal(email, (await claim)!.Id);
        await Task.WhenAll(first, last);
    }

    [Fact]
    public async Task A_claim_that_was_given_up_before_claims_nothing()
    {
        await using SqliteStore store = await SqliteStore.OpenAsync(new() { DataFolder = _folder.Path }, _clock, cancellationToken: Cancellation);
        MailboxId mailbox = await store.AddMailboxAsync("ada@example.com", Cancellation);
        EmailId email = await store.SubmitAsync(new(mailbox, "ada@example.com", ["bob@example.com"]), [1], Cancellation);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await store.Outgoing.ClaimAsync(await store.LeaseOutboxAsync(mailbox), _clock.GetUtcNow(), new CancellationToken(canceled: true)));

        Assert.Equal(EmailState.PendingSend, (await store.Emails.FindAsync(email, Cancellation))!.State);
    }

    public void Dispose() => _folder.Dispose();
}
