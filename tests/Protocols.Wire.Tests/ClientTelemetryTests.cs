using System.Diagnostics;
using System.Diagnostics.Metrics;
using EmailSync.Protocols.Testing;
using Microsoft.Extensions.Time.Testing;

namespace EmailSync.Protocols.Wire.Tests;

public sealed class ClientTelemetryTests : IDisposable
{
    // A source and a meter that nobody else listens to.
    private readonly ActivitySource _source = new("Test.Clients");
    private readonly Meter _meter = new("Test.Clients");
    private readonly FakeTimeProvider _clock = new();
    private readonly ClientTelemetry _telemetry;

    public ClientTelemetryTests() => _telemetry = new("gopher", _source, _meter, exception => exception is TimeoutException ? "late" : null);

    private ClientOperation Fetch => new("fetch", _clock);

    [Fact]
    public void Where_nobody_listens_nothing_is_allocated()
    {
        // The first pays for the delegates, which are made once.
        RunBoth();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int times = 0; times < 1000; times++)
            RunBoth();
        long after = GC.GetAllocatedBytesForCurrentThread();

        Assert.Equal(0, after - before);

        void RunBoth()
        {
            Task<int> withResult = _telemetry.ObserveAsync(Fetch with { Attribute = new("gopher.kind", "menu") }, this, static (_, activity) =>
            {
                Assert.Null(activity);
                return new ValueTask<int>(1);
            }, static _ => null).AsTask();
            Task without = _telemetry.ObserveAsync(Fetch, this, static (_, _) => default).AsTask();
            Assert.True(withResult.IsCompletedSuccessfully && without.IsCompletedSuccessfully);
        }
    }

    [Fact]
    public void Where_nobody_listens_pieces_are_handed_on_as_they_are()
    {
        IAsyncEnumerable<int> pieces = PiecesAsync();

        Assert.Same(pieces, _telemetry.Observe(Fetch, pieces, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task The_duration_is_that_of_the_operation_in_seconds()
    {
        List<double> measured = [];
        using MeterListener listener = new();
        listener.SetMeasurementEventCallback<double>((instrument, value, _, _) => measured.Add(value));
        listener.EnableMeasurementEvents(Instrument(listener));

        await _telemetry.ObserveAsync(Fetch, _clock, static (clock, _) =>
        {
            clock.Advance(TimeSpan.FromMilliseconds(1500));
            return default;
        });

        Assert.Equal([1.5], measured);
    }

    [Fact]
    public async Task What_happens_inside_an_operation_is_its_child_and_failures_have_a_kind()
    {
        using TelemetryRecorder recorder = new("Test.");
        await _telemetry.ObserveAsync(Fetch, this, static async (test, activity) =>
        {
            Assert.Same(activity, Activity.Current);
            await Assert.ThrowsAsync<TimeoutException>(async () =>
                await test._telemetry.ObserveAsync<int>(test.Fetch, 0, static (_, _) => throw new TimeoutException("the words of a stranger")));
            await Assert.ThrowsAsync<FormatException>(async () =>
                await test._telemetry.ObserveAsync<int>(test.Fetch, 0, static (_, _) => throw new FormatException("the words of a stranger")));
        });
        await _telemetry.ObserveAsync(Fetch, 0, static (_, _) => new ValueTask<int>(7), static result => $"refused{result}");

        Activity[] shown = [.. recorder.Raw];
        Assert.Equal(
            ["gopher fetch error.type=late", "gopher fetch error.type=System.FormatException", "gopher fetch", "gopher fetch error.type=refused7"],
            recorder.Activities);
        Assert.Equal(shown[2].SpanId, shown[0].ParentSpanId);
        Assert.Equal(ActivityKind.Client, shown[0].Kind);
        Assert.Equal((ActivityStatusCode.Error, ActivityStatusCode.Unset), (shown[0].Status, shown[2].Status));
        Assert.DoesNotContain("stranger", recorder.Everything, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_result_in_pieces_is_one_operation_also_where_it_is_left_early()
    {
        using TelemetryRecorder recorder = new("Test.");
        Activity? around = Activity.Current;
        await foreach (int piece in _telemetry.Observe(Fetch, PiecesAsync(), TestContext.Current.CancellationToken))
        {
            // What the caller does between two pieces is no part of it.
            Assert.Same(around, Activity.Current);
            if (piece == 2)
                break;
        }
        await Assert.ThrowsAsync<TimeoutException>(async () =>
        {
            await foreach (int piece in _telemetry.Observe(Fetch, PiecesAsync(fails: true), TestContext.Current.CancellationToken))
                Assert.InRange(piece, 1, 3);
        });

        Assert.Same(around, Activity.Current);
        Assert.Equal(["gopher fetch", "gopher fetch error.type=late"], recorder.Activities);
        Assert.Equal(["s", "s error.type=late"], recorder.Of("gopher.client.operation.duration"));
    }

    public void Dispose()
    {
        _source.Dispose();
        _meter.Dispose();
    }

    private Instrument Instrument(MeterListener listener)
    {
        Instrument? found = null;
        listener.InstrumentPublished = (instrument, _) => found = instrument.Meter == _meter ? instrument : found;
        listener.Start();
        return found!;
    }

    private static async IAsyncEnumerable<int> PiecesAsync(bool fails = false)
    {
        for (int piece = 1; piece <= 3; piece++)
        {
            await Task.Yield();
            yield return piece;
        }
        if (fails)
            throw new TimeoutException();
    }
}
