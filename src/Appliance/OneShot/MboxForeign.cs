using System.Text;
using System.Text.RegularExpressions;

namespace EmailSync.Appliance.OneShot;

/// <summary>Looks for messages of others in a part of an mbox that should hold only ours.</summary>
internal static partial class MboxForeign
{
    private const int MaxFromLine = 512;

    /// <summary>
    /// The offset of the first From_ line from an offset on that is not one of ours; null where there is none. A From_ line counts in the middle
    /// of a line too, where it has a date: who appends to a message that was cut off does not always begin a new line.
    /// </summary>
    public static long? Find(Stream mbox, long from, IReadOnlyDictionary<long, string> ours)
    {
        byte[] buffer = new byte[64 * 1024];
        int held = 0;
        bool isLineStart = true;
        mbox.Seek(Math.Min(from, mbox.Length), SeekOrigin.Begin);
        for (long offset = mbox.Position; ;)
        {
            int read = mbox.ReadAtLeast(buffer.AsSpan(held), buffer.Length - held, throwOnEndOfStream: false);
            bool isEnd = held + read < buffer.Length;
            ReadOnlySpan<byte> window = buffer.AsSpan(0, held + read);
            // The last octets are looked at again with what follows them, so that no From_ line is cut in two.
            int decided = isEnd ? window.Length : window.Length - MaxFromLine;
            for (int at = 0; at < decided; at++)
            {
                int next = window[at..decided].IndexOf((byte)'F');
                if (next < 0)
                    break;
                at += next;
                bool startsLine = at == 0 ? isLineStart : window[at - 1] == '\n';
                bool isForeign = ours.TryGetValue(offset + at, out string? expected)
                    ? !IsOurs(window[at..], expected)
                    : IsFromLine(window[at..], startsLine);
                if (isForeign)
                    return offset + at;
            }
            if (isEnd)
                return null;
            isLineStart = window[decided - 1] == '\n';
            window[decided..].CopyTo(buffer);
            held = window.Length - decided;
            offset += decided;
        }
    }

    // As far as it was written before it was cut off.
    private static bool IsOurs(ReadOnlySpan<byte> text, string fromLine)
    {
        ReadOnlySpan<byte> expected = Encoding.UTF8.GetBytes(fromLine + '\n');
        return text.StartsWith(expected) || expected.StartsWith(text);
    }

    private static bool IsFromLine(ReadOnlySpan<byte> text, bool startsLine)
    {
        if (!text.StartsWith("From "u8))
            return false;
        int end = text[..Math.Min(text.Length, MaxFromLine)].IndexOf((byte)'\n');
        return startsLine || FromLine().IsMatch(Encoding.Latin1.GetString(text[..(end < 0 ? Math.Min(text.Length, MaxFromLine) : end)]));
    }

    [GeneratedRegex(@"^From \S+ +(Mon|Tue|Wed|Thu|Fri|Sat|Sun) (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \d]\d \d\d:\d\d", RegexOptions.NonBacktracking)]
    private static partial Regex FromLine();
}
