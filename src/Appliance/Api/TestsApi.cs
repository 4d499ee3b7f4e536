using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using EmailSync.Appliance.Api.Contracts;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Processing;
using EmailSync.Appliance.Scheduling;
using EmailSync.Appliance.Store;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;

namespace EmailSync.Appliance.Api;

/// <summary>Runs of Test &amp; Enable over many mailboxes, in the background, watched live.</summary>
public static class TestsApi
{
    /// <summary>The routes.</summary>
    public static void MapTests(this IEndpointRouteBuilder routes)
    {
        RouteGroupBuilder tests = routes.MapGroup("/tests").WithTags("tests");
        tests.MapGet("/", List);
        tests.MapPost("/", StartAsync);
        tests.MapGet("/{test}", Show);
        tests.MapGet("/{test}/results", Results);
        tests.MapGet("/{test}/events", Watch);
        tests.MapPost("/{test}/cancel", Cancel);
        routes.MapPost("/profiles/{profile}/test", StartOfProfileAsync).WithTags("tests");
    }

    /// <summary>Begins a run, and wakes its mailboxes: each is tested as soon as the limits of connections leave room.</summary>
    public static TestJobStatus Start(TestJobs tests, IMailboxScheduler scheduler, IReadOnlyCollection<MailboxId> mailboxes, HttpContext context)
    {
        TestJobStatus status = tests.Start(mailboxes, Caller.NameOf(context));
        foreach (MailboxId mailbox in mailboxes)
            scheduler.Wake(mailbox, Work.Test);
        return status;
    }

    /// <summary>The answer to whoever asked for a run.</summary>
    public static Accepted<TestJobContract> Answer(TestJobStatus status) => TypedResults.Accepted($"/api/v1/tests/{status.Id}", TestJobContract.Of(status));

    private static Ok<Page<TestJobContract>> List(TestJobs tests) =>
        TypedResults.Ok(new Page<TestJobContract>([.. tests.All.Select(TestJobContract.Of)], null));

    private static async Task<Accepted<TestJobContract>> StartAsync(
        TestJobInput input, IStore store, IMailboxScheduler scheduler, TestJobs tests, HttpContext context, CancellationToken cancellationToken)
    {
        if (input.Mailboxes is null == input.Profile is null)
            throw InvalidRequestException.Of("mailboxes", null, "Either mailboxes or a profile are tested.", "Give mailboxes (ids or addresses) or profile (id or name).");
        if (input.Profile is { } profile)
            return await StartOfProfileAsync(profile, store, scheduler, tests, context, cancellationToken);

        Faults faults = new();
        List<MailboxId> mailboxes = [];
        foreach (string mailbox in input.Mailboxes!)
        {
            if (await MailboxesApi.TryFindAsync(store, mailbox, cancellationToken) is { } found)
                mailboxes.Add(found.Id);
            else
                faults.Add("mailboxes", mailbox, "There is no such mailbox.", "Give the id or the address of a mailbox.");
        }

        faults.ThrowIfAny();
        return Answer(Start(tests, scheduler, mailboxes, context));
    }

    private static async Task<Accepted<TestJobContract>> StartOfProfileAsync(
        string profile, IStore store, IMailboxScheduler scheduler, TestJobs tests, HttpContext context, CancellationToken cancellationToken)
    {
        EmailServerProfile found = await ProfilesApi.FindAsync(store, profile, cancellationToken);
        List<MailboxId> mailboxes = [];
        await foreach (Mailbox mailbox in MailboxesApi.AllAsync(store, new() { Profile = found.Id }, cancellationToken))
            mailboxes.Add(mailbox.Id);
        return Answer(Start(tests, scheduler, mailboxes, context));
    }

    private static Ok<TestJobContract> Show(TestJobId test, TestJobs tests) => TypedResults.Ok(TestJobContract.Of(Find(tests, test)));

    /// <summary>What each mailbox tested so far came to, in the order in which the tests ended.</summary>
    private static Ok<Page<TestEventContract>> Results(TestJobId test, TestJobs tests, int? after, int? limit)
    {
        Find(tests, test);
        int size = PageLimit.Of(limit);
        IReadOnlyList<TestNews> page = tests.Verdicts(test, Math.Max(after ?? 0, 0), size);
        return TypedResults.Ok(new Page<TestEventContract>(
            [.. page.Select(news => TestEventContract.Of(news.Event!))],
            page.Count == size ? page[^1].Number.ToString(System.Globalization.CultureInfo.InvariantCulture) : null));
    }

    /// <summary>
    /// What happens, as it happens: <c>step</c> (in small runs), <c>result</c>, <c>progress</c> and, last, <c>end</c>. Whoever comes back
    /// with Last-Event-ID goes on where they were. The run does not mind whether anybody watches.
    /// </summary>
    private static ServerSentEventsResult<TestNewsContract> Watch(
        TestJobId test, [FromHeader(Name = "Last-Event-ID")] string? seen, TestJobs tests, IHostApplicationLifetime lifetime, CancellationToken cancellationToken)
    {
        Find(tests, test);
        _ = int.TryParse(seen, out int after);
        return TypedResults.ServerSentEvents(TellAsync(tests, test, Math.Max(after, 0), lifetime.ApplicationStopping, cancellationToken));
    }

    private static async IAsyncEnumerable<SseItem<TestNewsContract>> TellAsync(
        TestJobs tests, TestJobId test, int after, CancellationToken stopping, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(stopping, cancellationToken);
        await using IAsyncEnumerator<TestNews> news = tests.WatchAsync(test, after, either.Token).GetAsyncEnumerator(CancellationToken.None);
        while (await MoveNextAsync(news, stopping))
        {
            TestNews current = news.Current;
            string kind = current.Event is { Step: not null } ? "step"
                : current.Event is not null ? "result"
                : current.Status.State == TestJobState.Running ? "progress" : "end";
            yield return new(new TestNewsContract(current.Event is { } happened ? TestEventContract.Of(happened) : null, TestJobContract.Of(current.Status)), kind)
            {
                EventId = current.Event is null ? null : current.Number.ToString(System.Globalization.CultureInfo.InvariantCulture),
            };
        }
    }

    // An appliance that stops ends the streams, rather than wait for their readers.
    private static async ValueTask<bool> MoveNextAsync(IAsyncEnumerator<TestNews> news, CancellationToken stopping)
    {
        try
        {
            return await news.MoveNextAsync();
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            return false;
        }
    }

    private static Ok<TestJobContract> Cancel(TestJobId test, TestJobs tests) =>
        TypedResults.Ok(TestJobContract.Of(tests.Cancel(test) ?? throw Missing(test)));

    private static TestJobStatus Find(TestJobs tests, TestJobId test) => tests.Find(test) ?? throw Missing(test);

    private static NotStoredException Missing(TestJobId test) => new($"run of tests '{test}' since the appliance started");
}
