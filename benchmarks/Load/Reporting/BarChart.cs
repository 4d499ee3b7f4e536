using System.Globalization;
using System.Security;
using System.Text;

namespace EmailSync.Load.Reporting;

/// <summary>A run as a picture: a bar for each client, as long as it was fast.</summary>
internal static class BarChart
{
    private const int Width = 720;
    private const int BarHeight = 22;
    private const int Gap = 8;
    private const int Left = 140;
    private const int Right = 130;

    public static string Of(RunReport report, string title)
    {
        int height = 36 + (report.Clients.Count * (BarHeight + Gap));
        double most = report.Clients.Max(client => client.Median.PerSecond);
        StringBuilder svg = new();
        svg.AppendLine(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {height}\" font-family=\"sans-serif\" font-size=\"13\">");
        svg.AppendLine(CultureInfo.InvariantCulture, $"<rect width=\"{Width}\" height=\"{height}\" fill=\"#ffffff\"/>");
        svg.AppendLine(CultureInfo.InvariantCulture, $"<text x=\"8\" y=\"20\" font-weight=\"bold\">{SecurityElement.Escape(title)}: {report.Unit}/s</text>");
        for (int index = 0; index < report.Clients.Count; index++)
        {
            ClientReport client = report.Clients[index];
            int top = 32 + (index * (BarHeight + Gap));
            double length = Math.Max(client.Median.PerSecond / most * (Width - Left - Right), 1);
            string colour = client.Client.StartsWith("ours", StringComparison.Ordinal) ? "#2f6fb0" : client.Client.StartsWith("raw", StringComparison.Ordinal) ? "#c4c4c4" : "#8a8a8a";
            svg.AppendLine(CultureInfo.InvariantCulture, $"<text x=\"{Left - 8}\" y=\"{top + 16}\" text-anchor=\"end\">{SecurityElement.Escape(client.Client)}</text>");
            svg.AppendLine(CultureInfo.InvariantCulture, $"<rect x=\"{Left}\" y=\"{top}\" width=\"{length:0.0}\" height=\"{BarHeight}\" fill=\"{colour}\"/>");
            svg.AppendLine(CultureInfo.InvariantCulture, $"<text x=\"{Left + length + 6:0.0}\" y=\"{top + 16}\">{client.Median.PerSecond:N0}</text>");
        }
        return svg.AppendLine("</svg>").ToString();
    }
}
