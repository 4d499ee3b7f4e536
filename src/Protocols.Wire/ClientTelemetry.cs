using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;

namespace EmailSync.Protocols.Wire;

/// <summary>
/// Shows the operations of a client to those who listen: an activity for each, and how long it took. Where nobody does, nothing is measured
/// and nothing allocated.
/// </summary>
/// <remarks>
/// <para>An activity is called <c>pop3 sign_in</c>, is of the kind <see cref="ActivityKind.Client"/>, and is the parent of what happens inside
/// it. The duration is the histogram <c>pop3.client.operation.duration</c>, in seconds. Both have the attribute
/// <c>pop3.operation.name</c> and, where the operation failed, <c>error.type</c>.</para>
/// <para>What failed is told by its kind alone. No word of the server, the user or an exception's message gets into either.</para>
/// </remarks>
public sealed class ClientTelemetry
{
    // From a round trip nearby to the longest wait that RFC 5321 section 4.5.3.2 grants, in seconds.
    private static readonly InstrumentAdvice<double> Boundaries = new()
    {
        HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600],
    };

    private readonly string _protocol;
    private readonly ActivitySource _source;
    private readonly Histogram<double> _duration;
    private readonly Func<Exception, string?> _refusalOf;

    /// <summary>Prepares the telemetry of a client. Meant to be held by a static field, as its source and its meter are.</summary>
    /// <param name="protocol">The protocol's name in lower case, with which names of activities, instruments and attributes begin.</param>
    /// <param name="source">Where activities begin.</param>
    /// <param name="meter">What the duration is measured by. Instruments of the caller's own may be added to it.</param>
    /// <param name="refusalOf">
    /// The <c>error.type</c> of an exception, of a few known values; null where it is the name of the exception's type.
    /// </param>
    public ClientTelemetry(string protocol, ActivitySource source, Meter meter, Func<Exception, string?> refusalOf)
    {
        ArgumentException.ThrowIfNullOrEmpty(protocol);
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(meter);
        ArgumentNullException.ThrowIfNull(refusalOf);
        (_protocol, _source, _refusalOf) = (protocol, source, refusalOf);
        _duration = meter.CreateHistogram($"{protocol}.client.operation.duration", "s", "How long an operation took.", null, Boundaries);
    }

    private bool IsListenedTo => _source.HasListeners() || _duration.Enabled;

    /// <summary>Runs an operation without a result, and shows it.</summary>
    /// <param name="operation">Which it is.</param>
    /// <param name="state">Handed to <paramref name="run"/>, which so needs no closure.</param>
    /// <param name="run">The operation. Gets its activity, for attributes of its own; null where there is none.</param>
    public ValueTask ObserveAsync<TState>(in ClientOperation operation, TState state, Func<TState, Activity?, ValueTask> run)
    {
        ArgumentNullException.ThrowIfNull(run);
        return IsListenedTo ? MeasureAsync(operation, state, run) : run(state, null);
    }

    /// <summary>Runs an operation and shows it.</summary>
    /// <param name="operation">Which it is.</param>
    /// <param name="state">Handed to <paramref name="run"/>, which so needs no closure.</param>
    /// <param name="run">The operation. Gets its activity, for attributes of its own; null where there is none.</param>
    /// <param name="refusalOf">The <c>error.type</c> of a result that is a refusal, of a few known values; null for one that is none.</param>
    /// <returns>What <paramref name="run"/> returns.</returns>
    public ValueTask<T> ObserveAsync<TState, T>(
        in ClientOperation operation, TState state, Func<TState, Activity?, ValueTask<T>> run, Func<T, string?>? refusalOf = null)
    {
        ArgumentNullException.ThrowIfNull(run);
        return IsListenedTo ? MeasureAsync(operation, state, run, refusalOf) : run(state, null);
    }

    /// <summary>Shows an operation that gives its result piece by piece. What the caller does between two pieces counts as well.</summary>
    /// <param name="operation">Which it is. It begins when the first piece is asked for.</param>
    /// <param name="pieces">Its result.</param>
    /// <param name="cancellationToken">Handed to <paramref name="pieces"/>.</param>
    public IAsyncEnumerable<T> Observe<T>(ClientOperation operation, IAsyncEnumerable<T> pieces, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(pieces);
        return IsListenedTo ? MeasureAsync(operation, pieces, cancellationToken) : pieces;
    }

    private async ValueTask MeasureAsync<TState>(ClientOperation operation, TState state, Func<TState, Activity?, ValueTask> run)
    {
        using Measurement measurement = new(this, operation);
        try
        {
            await run(state, measurement.Activity);
        }
        catch (Exception e)
        {
            measurement.Failed(e);
            throw;
        }
    }

    private async ValueTask<T> MeasureAsync<TState, T>(
        ClientOperation operation, TState state, Func<TState, Activity?, ValueTask<T>> run, Func<T, string?>? refusalOf)
    {
        using Measurement measurement = new(this, operation);
        try
        {
            T result = await run(state, measurement.Activity);
            measurement.Error = refusalOf?.Invoke(result);
            return result;
        }
        catch (Exception e)
        {
            measurement.Failed(e);
            throw;
        }
    }

    private async IAsyncEnumerable<T> MeasureAsync<T>(
        ClientOperation operation, IAsyncEnumerable<T> pieces, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using Measurement measurement = new(this, operation);
        await using IAsyncEnumerator<T> enumerator = pieces.GetAsyncEnumerator(cancellationToken);
        while (await NextAsync())
            yield return enumerator.Current;

        async ValueTask<bool> NextAsync()
        {
            try
            {
                return await enumerator.MoveNextAsync();
            }
            catch (Exception e)
            {
                measurement.Failed(e);
                throw;
            }
        }
    }

    /// <summary>One operation, from its making to its disposal.</summary>
    private sealed class Measurement : IDisposable
    {
        private readonly ClientTelemetry _telemetry;
        private readonly TimeProvider _clock;
        private readonly long _begun;
        private TagList _attributes;

        public Measurement(ClientTelemetry telemetry, ClientOperation operation)
        {
            _telemetry = telemetry;
            _clock = operation.Clock;
            _attributes.Add($"{telemetry._protocol}.operation.name", operation.Name);
            if (operation.Attribute.Key is not null)
                _attributes.Add(operation.Attribute);
            Activity = telemetry._source.StartActivity(ActivityKind.Client, tags: _attributes, name: $"{telemetry._protocol} {operation.Name}");
            _begun = _clock.GetTimestamp();
        }

        public Activity? Activity { get; }

        public string? Error { get; set; }

        public void Failed(Exception exception) => Error = _telemetry._refusalOf(exception) ?? exception.GetType().FullName;

        public void Dispose()
        {
            if (Error is not null)
            {
                _attributes.Add("error.type", Error);
                Activity?.SetTag("error.type", Error).SetStatus(ActivityStatusCode.Error);
            }
            _telemetry._duration.Record(_clock.GetElapsedTime(_begun).TotalSeconds, _attributes);
            Activity?.Dispose();
        }
    }
}
