using EmailSync.Appliance.Model;
using EmailSync.Appliance.Processing;
using Microsoft.Extensions.Time.Testing;

namespace EmailSync.Appliance.Tests.Processing;

/// <summary>Runs of tests by themselves: who waits, who runs, who is told.</summary>
public sealed class TestJobsTests
{
    private static readonly TestVerdict Good = new(EmailStatus.Success, EmailStatus.Success, []);
    private readonly TestJobs _tests = new(new FakeTimeProvider());

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Two_runs_that_want_the_same_mailbox_share_its_test()
    {
        TestJobId one = _tests.Start([new(1)], "ada").Id;
        TestJobId two = _tests.Start([new(1)], "bob").Id;

        using TestRun run = _tests.Begin(Sample(1))!;
        _tests.Complete(run, Good);

        Assert.Null(_tests.Begin(Sample(1)));
        foreach (TestJobId id in (TestJobId[])[one, two])
        {
            List<TestNews> news = await _tests.WatchAsync(id, 0, Cancellation).ToListAsync(Cancellation);
            Assert.Equal([EmailStatus.Success, null], news.Select(each => each.Event?.Verdict?.Incoming));
            Assert.Equal(TestJobState.Completed, news[^1].Status.State);
        }
    }

    [Fact]
    public void A_run_that_is_called_off_leaves_the_test_to_another_that_wants_it()
    {
        TestJobId one = _tests.Start([new(1), new(2)], "ada").Id;
        _tests.Start([new(1)], "bob");
        using TestRun run = _tests.Begin(Sample(1))!;

        Assert.Equal(TestJobState.Canceled, _tests.Cancel(one)!.State);

        Assert.False(run.Canceled.IsCancellationRequested);
        Assert.Null(_tests.Begin(Sample(2)));
        _tests.Cancel(_tests.All[1].Id);
        Assert.True(run.Canceled.IsCancellationRequested);
        Assert.Null(_tests.Cancel(new(99)));
    }

    [Fact]
    public void Who_asks_while_it_runs_is_tested_once_more()
    {
        _tests.Start([new(1)], "ada");
        using TestRun first = _tests.Begin(Sample(1))!;
        TestJobId again = _tests.Start([new(1)], "bob").Id;

        _tests.Complete(first, Good);

        Assert.Equal(TestJobState.Running, _tests.Find(again)!.State);
        using TestRun second = _tests.Begin(Sample(1))!;
        _tests.Complete(second, Good);
        Assert.Equal(TestJobState.Completed, _tests.Find(again)!.State);
    }

    [Fact]
    public void The_last_twenty_ended_runs_are_kept_and_every_one_that_runs()
    {
        TestJobId running = _tests.Start([new(1)], "ada").Id;
        for (int number = 0; number < 30; number++)
            _tests.Start([], "ada");

        Assert.Equal(21, _tests.All.Count);
        Assert.Equal(running, _tests.All[0].Id);
    }

    [Fact]
    public async Task Who_watches_hears_the_end_of_a_run_that_is_forgotten_meanwhile()
    {
        TestJobId id = _tests.Start([new(1)], "ada").Id;
        using TestRun run = _tests.Begin(Sample(1))!;
        _tests.Complete(run, Good);
        await using IAsyncEnumerator<TestNews> news = _tests.WatchAsync(id, 0, Cancellation).GetAsyncEnumerator(Cancellation);
        Assert.True(await news.MoveNextAsync());

        for (int number = 0; number < 30; number++)
            _tests.Start([], "ada");
        Assert.Null(_tests.Find(id));

        Assert.True(await news.MoveNextAsync());
        Assert.Equal(TestJobState.Completed, news.Current.Status.State);
        Assert.False(await news.MoveNextAsync());
        Assert.Empty(await _tests.WatchAsync(id, 0, Cancellation).ToListAsync(Cancellation));
    }

    [Fact]
    public async Task Thousands_of_mailboxes_are_told_once_each()
    {
        MailboxId[] mailboxes = [.. Enumerable.Range(1, 5000).Select(number => new MailboxId(number))];
        TestJobId id = _tests.Start(mailboxes, "ada").Id;
        Task<List<TestNews>> watching = _tests.WatchAsync(id, 0, Cancellation).ToListAsync(Cancellation).AsTask();

        await Parallel.ForEachAsync(mailboxes, Cancellation, (mailbox, _) =>
        {
            using TestRun run = _tests.Begin(Sample(mailbox.Value))!;
            _tests.Add(run, new("dns", MailService.Pop3, StepOutcome.Passed, TimeSpan.Zero, "found"));
            _tests.Complete(run, Good);
            return ValueTask.CompletedTask;
        });

        List<TestNews> news = await watching;
        Assert.Equal(5000, news.Count(each => each.Event is not null));
        Assert.DoesNotContain(news, each => each.Event?.Step is not null);
        Assert.Equal(5000, news[^1].Status.Succeeded);
    }

    private static Mailbox Sample(long id) => new() { Id = new(id), Name = "x", EmailAddress = $"m{id}@example.com", Profile = new(1) };
}
