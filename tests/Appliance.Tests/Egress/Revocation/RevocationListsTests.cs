using EmailSync.Appliance.Egress;
using EmailSync.Protocols.Testing;
using Microsoft.Extensions.Time.Testing;

namespace EmailSync.Appliance.Tests.Egress.Revocation;

/// <summary>Thousands of connections ask for the same few lists: one fetch serves all who wait, and a server that does not answer is left alone.</summary>
public sealed class RevocationListsTests : IAsyncLifetime
{
    private const string Address = "crl.example.com/root.crl";

    private static readonly EgressPolicy Government = EgressPolicy.Government(admitsHttpForRevocationLists: true);

    private readonly FakeTimeProvider _clock = new(DateTimeOffset.UtcNow);
    private readonly Issuer _root = Issuer.Root();
    private readonly ListWeb _web = new();
    private readonly RevocationLists _lists;

    public RevocationListsTests() => _lists = new(_web, _clock);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _web.DisposeAsync();
        _root.Dispose();
    }

    [Fact]
    public async Task A_thousand_who_ask_at_once_wait_for_one_fetch()
    {
        TaskCompletionSource gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _web.Publish(Address, async (stream, cancellationToken) =>
        {
            await gate.Task.WaitAsync(cancellationToken);
            await ListWeb.Answer(200, _root.List(_clock.GetUtcNow()))(stream, cancellationToken);
        });

        Task<ListAnswer>[] askers = [.. Enumerable.Range(0, 1000).Select(_ => AskAsync(Cancel))];
        gate.SetResult();

        Assert.All(await Task.WhenAll(askers), answer => Assert.NotNull(answer.List));
        Assert.Single(_web.Dialed);
    }

    [Fact]
    public async Task A_failure_is_remembered_for_a_minute()
    {
        _web.IsDown = true;
        for (int mailbox = 0; mailbox < 1000; mailbox++)
            Assert.EndsWith("it is down.", (await AskAsync(Cancel)).WhyNot, StringComparison.Ordinal);
        Assert.Single(_web.Dialed);

        _web.IsDown = false;
        _web.Publish(Address, () => _root.List(_clock.GetUtcNow()));
        _clock.Advance(RevocationLists.FailureSpan);

        Assert.NotNull((await AskAsync(Cancel)).List);
    }

    [Fact]
    public async Task A_server_that_hangs_is_given_up_after_ten_seconds()
    {
        Hanging server = new();
        _web.Publish(Address, server.AnswerAsync);

        Task<ListAnswer> asker = AskAsync(Cancel);
        await server.Reached;
        _clock.Advance(HttpDoor.PatienceForRevocationLists);

        Assert.Equal("The revocation list at http://crl.example.com/root.crl cannot be had: crl.example.com did not answer within 10 s.", (await asker).WhyNot);
        await server.Left;
    }

    [Fact]
    public async Task When_nobody_waits_any_more_the_fetch_is_given_up_and_the_next_begins_anew()
    {
        Hanging server = new();
        _web.Publish(Address, server.AnswerAsync);
        using CancellationTokenSource first = new();
        using CancellationTokenSource second = new();
        Task<ListAnswer>[] askers = [AskAsync(first.Token), AskAsync(second.Token)];
        await server.Reached;

        await first.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => askers[0]);
        Assert.Equal((false, false), (server.Left.IsCompleted, askers[1].IsCompleted));
        await second.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => askers[1]);
        await server.Left;

        _web.Publish(Address, () => _root.List(_clock.GetUtcNow()));
        Assert.NotNull((await AskAsync(Cancel)).List);
    }

    [Fact]
    public async Task Two_issuers_lists_at_one_address_are_two()
    {
        using Issuer other = Issuer.Root("Other Root");
        _web.Publish(Address, () => _root.List(_clock.GetUtcNow()));

        Assert.NotNull((await AskAsync(Cancel)).List);
        Assert.EndsWith("is not signed by the certificate's issuer.", (await AskAsync(Cancel, other)).WhyNot, StringComparison.Ordinal);
        Assert.NotNull((await AskAsync(Cancel)).List);
    }

    [Fact]
    public async Task Of_more_than_256_the_one_that_was_not_asked_for_longest_is_forgotten()
    {
        byte[] list = _root.List(_clock.GetUtcNow());
        for (int number = 0; number <= RevocationLists.MostAnswers; number++)
        {
            _web.Publish($"crl.example.com/{number}", () => list);
            Assert.NotNull((await AskAsync(Cancel, address: $"crl.example.com/{number}")).List);
            await AskAsync(Cancel, address: "crl.example.com/0");
        }

        await AskAsync(Cancel, address: "crl.example.com/0");
        Assert.Equal(RevocationLists.MostAnswers + 1, _web.Asked.Count);
        await AskAsync(Cancel, address: "crl.example.com/1");
        Assert.Equal(RevocationLists.MostAnswers + 2, _web.Asked.Count);
    }

    private Task<ListAnswer> AskAsync(CancellationToken cancellationToken, Issuer? issuer = null, string address = Address) =>
        _lists.FindAsync(Government, new("http://" + address), (issuer ?? _root).Certificate, _root.Certificate, cancellationToken).AsTask();

    /// <summary>Takes the question, and says nothing until the asker leaves.</summary>
    private sealed class Hanging
    {
        private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _left = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Reached => _reached.Task;

        public Task Left => _left.Task;

        public async Task AnswerAsync(Stream stream, CancellationToken cancellationToken)
        {
            _reached.SetResult();
            try
            {
                Assert.Empty(await TlsPeer.HearAsync(stream, cancellationToken));
            }
            finally
            {
                _left.SetResult();
            }
        }
    }
}
