using System.Collections.Frozen;
using System.Globalization;
using System.Text;

namespace EmailSync.Appliance.Cli.Import;

/// <summary>A word of a .fetchmailrc.</summary>
/// <param name="Text">Without its quotes.</param>
/// <param name="IsQuoted">Then it is never a keyword.</param>
/// <param name="Line">Where, from 1.</param>
internal readonly record struct FetchmailWord(string Text, bool IsQuoted, int Line);

/// <summary>Takes a .fetchmailrc apart, after fetchmail's own manual: blanks and <c>= ; : ,</c> part words, <c>#</c> begins a comment.</summary>
internal static class FetchmailWords
{
    private static readonly FrozenSet<string> Noise = new[] { "and", "with", "has", "wants", "options", "here", "there" }.ToFrozenSet();

    /// <summary>Reads all words but the noise.</summary>
    /// <exception cref="InvalidDataException">A quotation does not end.</exception>
    public static List<FetchmailWord> Read(string text)
    {
        List<FetchmailWord> words = [];
        int line = 1;
        for (int i = 0; i < text.Length;)
        {
            char c = text[i];
            if (c == '\n')
                line++;
            if (c is ' ' or '\t' or '\r' or '\n' or '=' or ';' or ':' or ',')
            {
                i++;
            }
            else if (c == '#')
            {
                i = text.IndexOf('\n', i) is >= 0 and var end ? end : text.Length;
            }
            else if (c is '"' or '\'')
            {
                words.Add(new(Quoted(text, ref i, line), true, line));
            }
            else
            {
                int start = i;
                while (i < text.Length && text[i] is not (' ' or '\t' or '\r' or '\n' or '=' or ';' or ':' or ',' or '"' or '\''))
                    i++;
                string word = text[start..i];
                if (!Noise.Contains(word))
                    words.Add(new(word, false, line));
            }
        }

        return words;
    }

    private static string Quoted(string text, ref int i, int line)
    {
        char quote = text[i++];
        StringBuilder value = new();
        while (i < text.Length && text[i] != quote)
        {
            if (text[i] == '\n')
                break;
            if (text[i] == '\\' && i + 1 < text.Length)
            {
                i++;
                value.Append(text[i] switch { 'n' => '\n', 't' => '\t', var same => same });
                i++;
                continue;
            }

            value.Append(text[i++]);
        }

        if (i >= text.Length || text[i] != quote)
            throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture, $"Line {line}: the quotation does not end."));
        i++;
        return value.ToString();
    }
}
