using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace EmailSync.Appliance.Api;

/// <summary>Adds up what the appliance, its protocol clients and the runtime measure, since the start, for <see cref="MetricsApi"/>.</summary>
public sealed class Measurements : IDisposable
{
    /// <summary>The most sets of attributes of one instrument; what is over is added up in one that says so.</summary>
    internal const int MaxSeries = 1000;

    private static readonly string[] Meters = ["EmailSync.", "System.Runtime"];

    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<Instrument, MeasuredInstrument> _instruments = new();

    /// <summary>Begins to listen.</summary>
    public Measurements()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (Array.Exists(Meters, name => instrument.Meter.Name.StartsWith(name, StringComparison.Ordinal)))
                listener.EnableMeasurementEvents(instrument, _instruments.GetOrAdd(instrument, static instrument => new(instrument)));
        };
        _listener.MeasurementsCompleted = (instrument, _) => _instruments.TryRemove(instrument, out MeasuredInstrument? _);
        _listener.SetMeasurementEventCallback<int>(static (_, value, attributes, state) => ((MeasuredInstrument)state!).Take(value, attributes));
        _listener.SetMeasurementEventCallback<long>(static (_, value, attributes, state) => ((MeasuredInstrument)state!).Take(value, attributes));
        _listener.SetMeasurementEventCallback<double>(static (_, value, attributes, state) => ((MeasuredInstrument)state!).Take(value, attributes));
        _listener.Start();
    }

    /// <summary>The instruments that have measured anything, after those that are asked for their value were.</summary>
    internal IEnumerable<MeasuredInstrument> Read()
    {
        _listener.RecordObservableInstruments();
        return _instruments.Values.Where(instrument => instrument.Series.Any());
    }

    /// <summary>Ends listening.</summary>
    public void Dispose() => _listener.Dispose();
}
