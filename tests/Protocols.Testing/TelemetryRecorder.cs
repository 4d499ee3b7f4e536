using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace EmailSync.Protocols.Testing;

/// <summary>Listens to the libraries, and keeps what comes of the test that made it: tests that run at the same time have traces of their own.</summary>
public sealed class TelemetryRecorder : IDisposable
{
    private readonly ConcurrentQueue<Activity> _activities = [];
    private readonly ConcurrentQueue<(Instrument, double, KeyValuePair<string, object?>[])> _measurements = [];
    private readonly ActivityListener _activityListener;
    private readonly MeterListener _meterListener = new();
    private readonly Activity _trace = new Activity("test").Start();

    /// <summary>Listens to every source and meter whose name begins so.</summary>
    public TelemetryRecorder(string names = "EmailSync.Protocols.")
    {
        _activityListener = new()
        {
            ShouldListenTo = source => source.Name.StartsWith(names, StringComparison.Ordinal),
            Sample = (ref ActivityCreationOptions<ActivityContext> options) =>
                options.Parent.TraceId == _trace.TraceId ? ActivitySamplingResult.AllDataAndRecorded : ActivitySamplingResult.None,
            ActivityStopped = activity =>
            {
                if (activity.TraceId == _trace.TraceId)
                    _activities.Enqueue(activity);
            },
        };
        ActivitySource.AddActivityListener(_activityListener);
        _meterListener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name.StartsWith(names, StringComparison.Ordinal))
                listener.EnableMeasurementEvents(instrument);
        };
        _meterListener.SetMeasurementEventCallback<double>((instrument, value, attributes, _) => Keep(instrument, value, attributes));
        _meterListener.SetMeasurementEventCallback<long>((instrument, value, attributes, _) => Keep(instrument, value, attributes));
        _meterListener.Start();
    }

    /// <summary>The activities, in the order in which they ended, each as <c>pop3 sign_in pop3.auth.mechanism=USER error.type=AUTH</c>.</summary>
    public IEnumerable<string> Activities => _activities.Select(activity => activity.DisplayName + Shown(activity.TagObjects));

    /// <summary>The activities as they are.</summary>
    public IEnumerable<Activity> Raw => _activities;

    /// <summary>What one instrument measured, each with its attributes: <c>2 error.type=550</c>. A duration is only told to be one.</summary>
    public IEnumerable<string> Of(string instrument) => _measurements.Where(one => one.Item1.Name == instrument)
        .Select(one => (one.Item1.Unit == "s" ? "s" : $"{one.Item2}") + Shown(one.Item3));

    /// <summary>All that was told in any way.</summary>
    public string Everything => string.Join('\n', _activities.Select(activity =>
            $"{activity.Source.Name} {activity.DisplayName} {activity.OperationName} {activity.StatusDescription}{Shown(activity.TagObjects)}"
            + string.Concat(activity.Events.Select(one => one.Name + Shown(one.Tags))) + string.Concat(activity.Baggage))
        .Concat(_measurements.Select(one => $"{one.Item1.Meter.Name} {one.Item1.Name} {one.Item2}{Shown(one.Item3)}")));

    public void Dispose()
    {
        _activityListener.Dispose();
        _meterListener.Dispose();
        _trace.Dispose();
    }

    private void Keep(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> attributes)
    {
        if (Activity.Current?.TraceId == _trace.TraceId)
            _measurements.Enqueue((instrument, value, attributes.ToArray()));
    }

    private static string Shown(IEnumerable<KeyValuePair<string, object?>> attributes) =>
        string.Concat(attributes.Where(one => !one.Key.EndsWith(".operation.name", StringComparison.Ordinal)).Select(one => $" {one.Key}={one.Value}"));
}
