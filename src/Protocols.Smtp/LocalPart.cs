using System.Buffers;
using System.Globalization;
using System.Text;

namespace EmailSync.Protocols.Smtp;

/// <summary>The grammar of local-parts: Dot-string or Quoted-string (RFC 5321 section 4.1.2), with RFC 6531's characters.</summary>
internal static class LocalPart
{
    private const int MostOctets = 64;

    private static readonly SearchValues<char> Atext =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-/=?^_`{|}~");

    /// <summary>Reads the local-part at the start of a mailbox and brings it into the form with the least quoting.</summary>
    /// <param name="mailbox">The mailbox.</param>
    /// <param name="localPart">The local-part as it goes over the wire.</param>
    /// <param name="length">How many characters of the mailbox it took.</param>
    /// <returns>What is wrong with it, or null.</returns>
    public static string? Read(string mailbox, out string localPart, out int length)
    {
        string? problem;
        if (mailbox.StartsWith('"'))
        {
            problem = ReadQuoted(mailbox, out string content, out length);
            localPart = ProblemOfDotString(content) is null ? content : Quote(content);
        }
        else
        {
            int at = mailbox.IndexOf('@', StringComparison.Ordinal);
            length = at < 0 ? mailbox.Length : at;
            localPart = mailbox[..length];
            problem = ProblemOfDotString(localPart);
        }
        if (problem is null && Encoding.UTF8.GetByteCount(localPart) > MostOctets)
            problem = $"the local-part has more than {MostOctets} octets";
        return problem;
    }

    private static string? ProblemOfDotString(string text)
    {
        if (text.Length == 0 || text[0] == '.' || text[^1] == '.' || text.Contains("..", StringComparison.Ordinal))
            return "the local-part is empty, or has a dot where none may be";
        foreach (char c in text)
        {
            if (c < 0x80 && c != '.' && !Atext.Contains(c))
                return "the local-part has a character that needs quotes, or that no local-part may have";
        }
        return ProblemOfCharacters(text);
    }

    private static string? ReadQuoted(string mailbox, out string content, out int length)
    {
        StringBuilder unquoted = new();
        content = "";
        for (length = 1; length < mailbox.Length; length++)
        {
            char c = mailbox[length];
            if (c == '"')
            {
                length++;
                content = unquoted.ToString();
                return ProblemOfCharacters(content);
            }
            if (c == '\\' && ++length < mailbox.Length)
            {
                c = mailbox[length];
                if (c >= 0x80)
                    return "the local-part has a backslash before something else than an ASCII character";
            }
            if (c is < ' ' or '\x7F')
                return "the local-part has a control character";
            unquoted.Append(c);
        }
        return "the local-part has no closing quote";
    }

    // Beyond ASCII: no controls, no invisible or reordering characters, no halves of surrogate pairs.
    private static string? ProblemOfCharacters(string text)
    {
        ReadOnlySpan<char> rest = text;
        while (!rest.IsEmpty)
        {
            // U+FFFD is what is left of characters that somebody could not decode.
            if (Rune.DecodeFromUtf16(rest, out Rune rune, out int consumed) != OperationStatus.Done || rune == Rune.ReplacementChar)
                return "the local-part has what is left of a character";
            if (!rune.IsAscii && Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format
                or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.SpaceSeparator
                or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned)
                return "the local-part has an invisible or unassigned character";
            rest = rest[consumed..];
        }
        return null;
    }

    private static string Quote(string content) =>
        $"\"{content.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
}
