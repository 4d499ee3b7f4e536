using System.Globalization;
using System.Text;

namespace EmailSync.Load.Reporting;

/// <summary>A run as a table.</summary>
internal static class MarkdownTable
{
    public static string Of(RunReport report)
    {
        bool isIdle = report.Clients.All(client => client.Median.HeapEach is not null);
        StringBuilder table = new();
        table.AppendLine(CultureInfo.InvariantCulture, $"| client | {report.Unit}/s | MB/s | client CPU s per 1,000 | allocated each | peak memory | {report.Clients[0].Client} is faster by (least–most) | server's share |{(isIdle ? " heap each | resident each |" : "")}");
        table.AppendLine($"|---|---|---|---|---|---|---|---|{(isIdle ? "---|---|" : "")}");
        foreach (ClientReport client in report.Clients)
        {
            Figures median = client.Median;
            string ratio = client.FirstToThis is { } first ? Text($"{first.Median:0.00} ({first.Least:0.00}–{first.Most:0.00})") : "–";
            table.Append(CultureInfo.InvariantCulture, $"| {client.Client} | {median.PerSecond:N0} | {(median.MegabytesPerSecond > 0 ? Text($"{median.MegabytesPerSecond:N0}") : "–")} | {median.CpuSecondsPer1000:0.0000} | {(median.AllocatedEach is { } each ? Text($"{each:N0} B") : "–")} | {median.PeakMegabytes:N0} MB | {ratio} | {median.ServerShare:P0} |");
            table.AppendLine(isIdle ? Text($" {median.HeapEach:N0} B | {(median.ResidentEach is { } resident ? Text($"{resident:N0} B") : "–")} |") : "");
        }
        foreach (ClientReport client in report.Clients.Where(client => client.Median.Further.Count > 0))
            table.AppendLine().AppendLine(CultureInfo.InvariantCulture, $"{client.Client}: {string.Join(", ", client.Median.Further.Select(figure => Text($"{figure.Key} {figure.Value:N3}")))}");
        return table.ToString();
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
