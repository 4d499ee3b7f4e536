using System.Buffers;
using System.Text;

namespace EmailSync.Protocols.Smtp;

/// <summary>xtext, in which the values of ENVID, ORCPT and AUTH are written (RFC 3461 section 4).</summary>
internal static class Xtext
{
    private static readonly SearchValues<char> Itself = SearchValues.Create(
        [.. Enumerable.Range('!', '~' - '!' + 1).Select(c => (char)c).Where(c => c is not ('+' or '='))]);

    /// <summary>Encodes printable US-ASCII.</summary>
    public static string Encode(string text)
    {
        if (!text.AsSpan().ContainsAnyExcept(Itself))
            return text;
        StringBuilder encoded = new(text.Length + 16);
        foreach (char c in text)
        {
            if (Itself.Contains(c))
                encoded.Append(c);
            else
                encoded.Append('+').Append(((int)c).ToString("X2", null));
        }
        return encoded.ToString();
    }

    /// <summary>What may be encoded: US-ASCII that can be printed, and the space (RFC 3461 sections 4.2 and 4.4).</summary>
    public static bool IsEncodable(string text) => !text.AsSpan().ContainsAnyExceptInRange(' ', '~');
}
