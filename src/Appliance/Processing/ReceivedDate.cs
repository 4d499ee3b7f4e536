using System.Text;
using MimeKit.Utils;

namespace EmailSync.Appliance.Processing;

/// <summary>When a message was received, by its header: the newest Received field, which the receiving server wrote, or else the Date field. Pure.</summary>
public static class ReceivedDate
{
    /// <summary>Reads it; null where the header has neither, or none that is a date.</summary>
    /// <param name="header">The header block, or the beginning of one.</param>
    public static DateTimeOffset? Of(ReadOnlySpan<byte> header)
    {
        DateTimeOffset? date = null;
        string text = Encoding.Latin1.GetString(header);
        foreach (string field in Fields(text))
        {
            int colon = field.IndexOf(':', StringComparison.Ordinal);
            ReadOnlySpan<char> name = colon < 0 ? default : field.AsSpan(0, colon).Trim();
            // Servers put their own on top, so the first is the newest (RFC 5321 4.4); what follows its last semicolon is the date.
            if (name.Equals("Received", StringComparison.OrdinalIgnoreCase)
                && DateUtils.TryParse(field[(field.LastIndexOf(';') + 1)..].Trim(), out DateTimeOffset received))
                return received;
            if (date is null && name.Equals("Date", StringComparison.OrdinalIgnoreCase)
                && DateUtils.TryParse(field[(colon + 1)..].Trim(), out DateTimeOffset written))
                date = written;
        }

        return date;
    }

    private static IEnumerable<string> Fields(string header)
    {
        StringBuilder field = new();
        foreach (string line in header.Split("\r\n"))
        {
            if (line.Length == 0)
                break;
            if (line[0] is ' ' or '\t')
            {
                field.Append(' ').Append(line.AsSpan().Trim());
                continue;
            }

            if (field.Length > 0)
                yield return field.ToString();
            field.Clear().Append(line);
        }

        if (field.Length > 0)
            yield return field.ToString();
    }
}
