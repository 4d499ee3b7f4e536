using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Text;

namespace EmailSync.Appliance.Api;

/// <summary>What one instrument has measured, by its attributes.</summary>
internal sealed class MeasuredInstrument(Instrument instrument)
{
    // OpenTelemetry's own default, for instruments that advise nothing.
    private static readonly double[] UsualBoundaries = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
    private static readonly KeyValuePair<string, object?>[] Overflow = [new("otel.metric.overflow", "true")];

    private readonly ConcurrentDictionary<string, MeasuredSeries> _series = new(StringComparer.Ordinal);
    private readonly double[]? _boundaries = BoundariesOf(instrument);

    // What is counted with every message has no attributes, and is not looked up each time.
    private MeasuredSeries? _plain;

    public Instrument Instrument => instrument;

    /// <summary>A value adds to those before; otherwise it takes their place.</summary>
    public bool IsAdded { get; } = Is(instrument, typeof(Counter<>)) || Is(instrument, typeof(UpDownCounter<>));

    public bool IsHistogram => _boundaries is not null;

    /// <summary>It only ever grows.</summary>
    public bool IsCounter { get; } = Is(instrument, typeof(Counter<>)) || Is(instrument, typeof(ObservableCounter<>));

    public IEnumerable<MeasuredSeries> Series => _series.Values;

    public void Take(double value, ReadOnlySpan<KeyValuePair<string, object?>> attributes)
    {
        MeasuredSeries series = attributes.IsEmpty ? _plain ??= SeriesOf(attributes) : SeriesOf(attributes);
        series.Take(value, IsAdded);
    }

    private MeasuredSeries SeriesOf(ReadOnlySpan<KeyValuePair<string, object?>> attributes)
    {
        string labels = LabelsOf(instrument.Meter.Name, attributes);
        if (_series.TryGetValue(labels, out MeasuredSeries? known))
            return known;
        if (_series.Count >= Measurements.MaxSeries)
            labels = LabelsOf(instrument.Meter.Name, Overflow);
        return _series.GetOrAdd(labels, static (labels, boundaries) => new(labels, boundaries), _boundaries);
    }

    /// <summary>Attributes as Prometheus writes labels: <c>name="value",…</c> with quotes, backslashes and line ends escaped.</summary>
    private static string LabelsOf(string meter, ReadOnlySpan<KeyValuePair<string, object?>> attributes)
    {
        StringBuilder labels = new StringBuilder("otel_scope_name=\"").Append(meter).Append('"');
        foreach ((string name, object? value) in attributes)
        {
            labels.Append(',').Append(PrometheusText.NameOf(name)).Append("=\"");
            foreach (char c in value?.ToString() ?? "")
                _ = c switch { '\\' => labels.Append(@"\\"), '"' => labels.Append("\\\""), '\n' => labels.Append(@"\n"), _ => labels.Append(c) };
            labels.Append('"');
        }
        return labels.ToString();
    }

    private static double[]? BoundariesOf(Instrument instrument) => instrument switch
    {
        Histogram<double> { Advice.HistogramBucketBoundaries: { } advised } => [.. advised],
        _ => Is(instrument, typeof(Histogram<>)) ? UsualBoundaries : null,
    };

    private static bool Is(Instrument instrument, Type kind) =>
        instrument.GetType() is { IsGenericType: true } type && type.GetGenericTypeDefinition() == kind;
}

/// <summary>What an instrument has measured with one set of attributes.</summary>
internal sealed class MeasuredSeries(string labels, double[]? boundaries)
{
    private readonly Lock _gate = new();
    private readonly long[] _buckets = new long[boundaries?.Length ?? 0];
    private long _count;
    private double _sum;

    public string Labels => labels;

    public void Take(double value, bool isAdded)
    {
        lock (_gate)
        {
            _count++;
            _sum = isAdded || boundaries is not null ? _sum + value : value;
            int bucket = 0;
            while (bucket < _buckets.Length && value > boundaries![bucket])
                bucket++;
            if (bucket < _buckets.Length)
                _buckets[bucket]++;
        }
    }

    /// <summary>The value; or of a histogram the sum, the count, and how many were at most each boundary.</summary>
    public (double Sum, long Count, (double Boundary, long AtMost)[] Buckets) Read()
    {
        lock (_gate)
        {
            (double, long)[] buckets = new (double, long)[_buckets.Length];
            long atMost = 0;
            for (int i = 0; i < buckets.Length; i++)
                buckets[i] = (boundaries![i], atMost += _buckets[i]);
            return (_sum, _count, buckets);
        }
    }
}
