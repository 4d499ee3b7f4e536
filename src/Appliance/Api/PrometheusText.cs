using System.Globalization;
using System.Text;

namespace EmailSync.Appliance.Api;

/// <summary>
/// The text format of Prometheus, version 0.0.4, with names made as OpenTelemetry's compatibility rules make them: a dot becomes an underscore, the
/// unit a suffix, and a counter ends in <c>_total</c>.
/// </summary>
internal static class PrometheusText
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    public static string Write(IEnumerable<MeasuredInstrument> instruments)
    {
        StringBuilder page = new();
        foreach (IGrouping<string, MeasuredInstrument> family in instruments.GroupBy(NameOf).OrderBy(family => family.Key, StringComparer.Ordinal))
        {
            MeasuredInstrument first = family.First();
            string help = (first.Instrument.Description ?? "").Replace("\\", @"\\", StringComparison.Ordinal).Replace("\n", @"\n", StringComparison.Ordinal);
            page.Append(CultureInfo.InvariantCulture, $"# HELP {family.Key} {help}\n# TYPE {family.Key} {TypeOf(first)}\n");
            foreach (MeasuredInstrument instrument in family)
            {
                foreach (MeasuredSeries series in instrument.Series.OrderBy(series => series.Labels, StringComparer.Ordinal))
                    Write(page, family.Key, instrument.IsHistogram, series);
            }
        }
        return page.ToString();
    }

    /// <summary>A name of OpenTelemetry's in the letters that Prometheus has.</summary>
    public static string NameOf(string name) => string.Create(name.Length, name, static (letters, name) =>
    {
        for (int i = 0; i < letters.Length; i++)
            letters[i] = char.IsAsciiLetterOrDigit(name[i]) ? name[i] : '_';
    });

    private static string NameOf(MeasuredInstrument measured)
    {
        string name = NameOf(measured.Instrument.Name);
        string unit = measured.Instrument.Unit switch { "s" => "_seconds", "By" => "_bytes", _ => "" };
        name = name.EndsWith(unit, StringComparison.Ordinal) ? name : name + unit;
        return measured.IsCounter && !name.EndsWith("_total", StringComparison.Ordinal) ? name + "_total" : name;
    }

    private static string TypeOf(MeasuredInstrument measured) => measured.IsHistogram ? "histogram" : measured.IsCounter ? "counter" : "gauge";

    private static void Write(StringBuilder page, string name, bool isHistogram, MeasuredSeries series)
    {
        (double sum, long count, (double Boundary, long AtMost)[] buckets) = series.Read();
        if (!isHistogram)
        {
            page.Append(CultureInfo.InvariantCulture, $"{name}{{{series.Labels}}} {sum}\n");
            return;
        }
        foreach ((double boundary, long atMost) in buckets)
            page.Append(CultureInfo.InvariantCulture, $"{name}_bucket{{{series.Labels},le=\"{boundary}\"}} {atMost}\n");
        page.Append(CultureInfo.InvariantCulture, $"{name}_bucket{{{series.Labels},le=\"+Inf\"}} {count}\n");
        page.Append(CultureInfo.InvariantCulture, $"{name}_sum{{{series.Labels}}} {sum}\n{name}_count{{{series.Labels}}} {count}\n");
    }
}
