using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using EmailSync.Protocols.Pop3;
using EmailSync.Protocols.Smtp;
using EmailSync.Protocols.Wire;

namespace EmailSync.Packages.Tests;

/// <summary>docs/telemetry.md lists every instrument of the libraries, and none that is not there.</summary>
public sealed class TelemetryPage
{
    [Fact]
    public void Every_instrument_is_listed_with_its_kind_and_unit()
    {
        List<string> published = [];
        using MeterListener listener = new();
        listener.InstrumentPublished = (instrument, _) =>
        {
            if (instrument.Meter.Name.StartsWith("EmailSync.Protocols.", StringComparison.Ordinal))
                published.Add($"`{instrument.Name}` | {(instrument is Histogram<double> ? "histogram" : "counter")}, {instrument.Unit}");
        };
        listener.Start();
        foreach (Type type in new[] { typeof(TextConnection), typeof(Pop3Session), typeof(SmtpSession) }
            .SelectMany(type => type.Assembly.GetTypes()).Where(type => type.Name.EndsWith("Telemetry", StringComparison.Ordinal)))
            RuntimeHelpers.RunClassConstructor(type.TypeHandle);

        string[] listed = [.. Repository.Read("docs/telemetry.md").Split("## Instruments")[1].Split("## ")[0].Split('\n')
            .Where(row => row.StartsWith("| ", StringComparison.Ordinal) && row.Contains(".client.", StringComparison.Ordinal))
            .Select(row => string.Join(" | ", row.Split(" | ")[1..3]))];

        Assert.Equal(published.Order(StringComparer.Ordinal), listed.Order(StringComparer.Ordinal));
    }
}
