using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using EmailSync.Appliance.Api.Contracts;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Processing;
using EmailSync.Appliance.Scheduling;
using EmailSync.Appliance.Store;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace EmailSync.Appliance.Api;

/// <summary>Mailboxes: what is set, agreed to, tested and seen of them.</summary>
public static class MailboxesApi
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);

    /// <summary>The routes.</summary>
    public static void MapMailboxes(this IEndpointRouteBuilder routes)
    {
        RouteGroupBuilder mailboxes = routes.MapGroup("/mailboxes").WithTags("mailboxes");
        mailboxes.MapGet("/", ListAsync);
        mailboxes.MapPost("/", CreateAsync);
        mailboxes.MapGet("/{mailbox}", ShowAsync);
        mailboxes.MapPatch("/{mailbox}", UpdateAsync).Accepts<MailboxInput>("application/json", "application/merge-patch+json");
        mailboxes.MapDelete("/{mailbox}", DeleteAsync);
        mailboxes.MapPost("/{mailbox}/approve", ApproveAsync);
        mailboxes.MapPost("/{mailbox}/reject", RejectAsync);
        mailboxes.MapPost("/{mailbox}/test", TestAsync);
        mailboxes.MapGet("/{mailbox}/test", ShowTestAsync);
        mailboxes.MapPost("/{mailbox}/disable", DisableAsync);
        mailboxes.MapPost("/{mailbox}/poll", PollAsync);
        mailboxes.MapPost("/{mailbox}/rescan", RescanAsync);
    }

    /// <summary>Finds a mailbox by its id or its address; null where there is none.</summary>
    public static async Task<Mailbox?> TryFindAsync(IStore store, string idOrAddress, CancellationToken cancellationToken) =>
        MailboxId.TryParse(idOrAddress, null, out MailboxId id)
            ? await store.Mailboxes.FindAsync(id, cancellationToken)
            : await store.Mailboxes.FindByAddressAsync(idOrAddress, cancellationToken);

    /// <summary>Finds a mailbox by its id or its address.</summary>
    public static async Task<Mailbox> FindAsync(IStore store, string idOrAddress, CancellationToken cancellationToken) =>
        await TryFindAsync(store, idOrAddress, cancellationToken) ?? throw new NotStoredException($"mailbox '{idOrAddress}'");

    /// <summary>All mailboxes that a filter lets through, in the order of their ids, read page by page.</summary>
    public static async IAsyncEnumerable<Mailbox> AllAsync(
        IStore store, MailboxFilter filter, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        IReadOnlyList<Mailbox> page;
        MailboxId? after = null;
        do
        {
            page = await store.Mailboxes.ListAsync(filter, after, PageLimit.Largest, cancellationToken);
            foreach (Mailbox mailbox in page)
                yield return mailbox;
            after = page.Count > 0 ? page[^1].Id : after;
        }
        while (page.Count == PageLimit.Largest);
    }

    private static async Task<Ok<Page<MailboxContract>>> ListAsync(
        IStore store, TimeProvider clock, string? profile, Named<EmailApproval>? approval, Named<EmailStatus>? status, Named<MailboxKind>? kind, bool? late,
        MailboxId? after, int? limit, CancellationToken cancellationToken)
    {
        if (late == false)
            throw InvalidRequestException.Of("late", "false", "Only mailboxes that are late can be asked for.", "Give true, or leave it out.");
        MailboxFilter filter = new()
        {
            Profile = profile is null ? null : (await ProfilesApi.FindAsync(store, profile, cancellationToken)).Id,
            Approval = approval?.Value,
            Status = status?.Value,
            Kind = kind?.Value,
            DueBefore = late == true ? clock.GetUtcNow() - Lateness.Tolerated : null,
        };
        int size = PageLimit.Of(limit);
        IReadOnlyList<Mailbox> page = await store.Mailboxes.ListAsync(filter, after, size, cancellationToken);
        List<MailboxContract> items = [];
        foreach (Mailbox mailbox in page)
        {
            MailboxContract item = await ContractAsync(store, mailbox, clock, cancellationToken);
            // Due, and being polled, or not to be polled at all.
            if (late != true || item.LateBySeconds is not null)
                items.Add(item);
        }

        return TypedResults.Ok(new Page<MailboxContract>(items, page.Count == size ? page[^1].Id.ToString() : null));
    }

    private static async Task<Ok<MailboxContract>> ShowAsync(
        string mailbox, IStore store, TimeProvider clock, HttpResponse response, CancellationToken cancellationToken) =>
        await AnswerAsync(store, await FindAsync(store, mailbox, cancellationToken), clock, response, cancellationToken);

    private static async Task<Created<MailboxContract>> CreateAsync(
        MailboxInput input, Channel channel, IStore store, TimeProvider clock, HttpContext context, CancellationToken cancellationToken)
    {
        channel.RequireFor(context, input.Password, input.RefreshToken);
        Mailbox created = await MailboxSaving.CreateAsync(store, input, cancellationToken);
        MergePatch.ShowVersion(context.Response, created.Version);
        return TypedResults.Created($"/api/v1/mailboxes/{created.Id}", await ContractAsync(store, created, clock, cancellationToken));
    }

    private static async Task<Ok<MailboxContract>> UpdateAsync(
        string mailbox, Channel channel, IStore store, IMailboxScheduler scheduler, TimeProvider clock, HttpContext context, CancellationToken cancellationToken)
    {
        Mailbox stored = await FindAsync(store, mailbox, cancellationToken);
        MailboxInput input = await MergePatch.ApplyAsync(context.Request, MailboxInput.Of(stored), ContractJson.Contract.MailboxInput, Prepare);
        channel.RequireFor(context, input.Password, input.RefreshToken);
        Mailbox changed = await MailboxChanges.ReadAsync(input, stored, store, cancellationToken);
        changed = await MailboxSaving.UpdateAsync(
            store, scheduler, changed with { Version = MergePatch.ExpectedVersion(context.Request, stored.Version) }, input, cancellationToken);
        return await AnswerAsync(store, (await store.Mailboxes.FindAsync(changed.Id, cancellationToken))!, clock, context.Response, cancellationToken);
    }

    private static async Task<NoContent> DeleteAsync(string mailbox, IStore store, IMailboxScheduler scheduler, TestJobs tests, HttpRequest request, CancellationToken cancellationToken)
    {
        Mailbox found = await FindAsync(store, mailbox, cancellationToken);
        MergePatch.RequireMatch(request, found.Version);
        await store.Mailboxes.DeleteAsync(found.Id, cancellationToken);
        tests.Drop(found.Id);
        scheduler.MailboxChanged(found.Id);
        return TypedResults.NoContent();
    }

    private static Task<Ok<MailboxContract>> ApproveAsync(
        string mailbox, IStore store, IMailboxScheduler scheduler, TimeProvider clock, HttpContext context, CancellationToken cancellationToken) =>
        JudgeAsync(mailbox, EmailApproval.Approved, store, scheduler, clock, context, cancellationToken);

    private static Task<Ok<MailboxContract>> RejectAsync(
        string mailbox, IStore store, IMailboxScheduler scheduler, TimeProvider clock, HttpContext context, CancellationToken cancellationToken) =>
        JudgeAsync(mailbox, EmailApproval.Rejected, store, scheduler, clock, context, cancellationToken);

    private static async Task<Ok<MailboxContract>> JudgeAsync(
        string mailbox, EmailApproval verdict, IStore store, IMailboxScheduler scheduler, TimeProvider clock, HttpContext context, CancellationToken cancellationToken)
    {
        Mailbox found = await FindAsync(store, mailbox, cancellationToken);
        MergePatch.RequireMatch(context.Request, found.Version);
        Mailbox judged = await MailboxChanges.JudgeAsync(store, found, verdict, Caller.NameOf(context), clock.GetUtcNow(), cancellationToken);
        scheduler.MailboxChanged(judged.Id);
        return await AnswerAsync(store, judged, clock, context.Response, cancellationToken);
    }

    private static async Task<Accepted<TestJobContract>> TestAsync(
        string mailbox, IStore store, IMailboxScheduler scheduler, TestJobs tests, HttpContext context, CancellationToken cancellationToken) =>
        TestsApi.Answer(TestsApi.Start(tests, scheduler, [(await FindAsync(store, mailbox, cancellationToken)).Id], context));

    /// <summary>The last test; with <paramref name="steps"/>, waits until it has more steps than that, or has ended, for half a minute at most.</summary>
    private static async Task<Ok<TestContract>> ShowTestAsync(
        string mailbox, int? steps, IStore store, TestJobs tests, TimeProvider clock, CancellationToken cancellationToken)
    {
        MailboxId id = (await FindAsync(store, mailbox, cancellationToken)).Id;
        using CancellationTokenSource patience = new(LongestWait, clock);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        while (true)
        {
            Task changed = tests.Changed;
            TestProgress progress = tests.Find(id)
                ?? (await store.Mailboxes.FindTestAsync(id, cancellationToken) is { } ended ? new TestProgress(ended.Steps, ended) : null)
                ?? throw new NotStoredException($"test of mailbox '{mailbox}'");
            if (steps is not { } seen || progress.Result is not null || progress.Steps.Count > seen)
                return TypedResults.Ok(Contract(id, progress));
            try
            {
                await changed.WaitAsync(either.Token);
            }
            catch (OperationCanceledException) when (patience.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
            {
                // Nothing new within the time that a request may take: the answer is what there is.
                return TypedResults.Ok(Contract(id, progress));
            }
        }
    }

    private static async Task<Ok<MailboxContract>> DisableAsync(
        string mailbox, IStore store, IMailboxScheduler scheduler, TimeProvider clock, HttpResponse response, CancellationToken cancellationToken)
    {
        Mailbox found = await FindAsync(store, mailbox, cancellationToken);
        await MailboxChanges.DisableAsync(store, found.Id, cancellationToken);
        scheduler.MailboxChanged(found.Id);
        return await AnswerAsync(store, (await store.Mailboxes.FindAsync(found.Id, cancellationToken))!, clock, response, cancellationToken);
    }

    private static async Task<Accepted> PollAsync(string mailbox, IStore store, IMailboxScheduler scheduler, CancellationToken cancellationToken)
    {
        Mailbox found = await FindAsync(store, mailbox, cancellationToken);
        if (!found.IsEnabledFor(MailService.Pop3))
            throw InvalidRequestException.Of("mailbox", found.EmailAddress, "The mailbox is not enabled for receiving.", "Run Test & Enable.");
        scheduler.Wake(found.Id, Work.Receive);
        return TypedResults.Accepted($"/api/v1/mailboxes/{found.Id}");
    }

    /// <summary>Judges anew what was skipped for its date or its size, under the dates and the limit that are in force now.</summary>
    private static async Task<Accepted<RescanContract>> RescanAsync(
        string mailbox, IStore store, IMailboxScheduler scheduler, CancellationToken cancellationToken)
    {
        Mailbox found = await FindAsync(store, mailbox, cancellationToken);
        int forgotten = await store.Incoming.ForgetSkippedAsync(found.Id, cancellationToken);
        if (found.IsEnabledFor(MailService.Pop3))
            scheduler.Wake(found.Id, Work.Receive);
        return TypedResults.Accepted($"/api/v1/mailboxes/{found.Id}", new RescanContract(found.Id.ToString(), forgotten));
    }

    // A new password is the permission to use it, unless the permission is given or refused along with it.
    private static void Prepare(JsonObject stored, JsonObject patch)
    {
        if (patch.ContainsKey("password") || patch.ContainsKey("refreshToken"))
            stored.Remove("allowCredentialsForEmailProcessing");
    }

    private static async Task<Ok<MailboxContract>> AnswerAsync(
        IStore store, Mailbox mailbox, TimeProvider clock, HttpResponse response, CancellationToken cancellationToken)
    {
        MergePatch.ShowVersion(response, mailbox.Version);
        return TypedResults.Ok(await ContractAsync(store, mailbox, clock, cancellationToken));
    }

    private static async Task<MailboxContract> ContractAsync(IStore store, Mailbox mailbox, TimeProvider clock, CancellationToken cancellationToken) =>
        MailboxContract.Of(mailbox, await store.Secrets.IsSetAsync(SecretName.Of(mailbox.Id), cancellationToken)) with
        {
            IsRefreshTokenSet = await store.Secrets.IsSetAsync(SecretName.RefreshTokenOf(mailbox.Id), cancellationToken),
            LateBySeconds = await LatenessAsync(store, mailbox, clock.GetUtcNow(), cancellationToken) is { } late ? (long)late.TotalSeconds : null,
        };

    private static async ValueTask<TimeSpan?> LatenessAsync(IStore store, Mailbox mailbox, DateTimeOffset now, CancellationToken cancellationToken) =>
        mailbox.State.NextPollAt < now - Lateness.Tolerated && await store.Profiles.FindAsync(mailbox.Profile, cancellationToken) is { } profile
            ? Lateness.Of(mailbox, profile, await store.Settings.ReadAsync(cancellationToken), now)
            : null;

    private static TestContract Contract(MailboxId mailbox, TestProgress progress) => new(
        mailbox.ToString(),
        progress.Result is not null,
        progress.Result?.CompletedAt,
        progress.Result?.Incoming ?? EmailStatus.NotRun,
        progress.Result?.Outgoing ?? EmailStatus.NotRun,
        [.. progress.Steps.Select(StepContract.Of)]);
}
