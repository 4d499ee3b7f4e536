using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace EmailSync.Appliance.Model;

/// <summary>The token at the end of a subject that leads an answer back to its conversation: <c>CRM:</c> and seven digits.</summary>
public static partial class TrackingToken
{
    /// <summary>The largest number that seven digits hold.</summary>
    public const int LargestNumber = 9_999_999;

    /// <summary>The number of the last token in a subject, as it stands in a header; null where there is none.</summary>
    public static int? Find(string? subject)
    {
        if (subject is null)
            return null;
        Match token = Token().Match(subject.Contains("=?", StringComparison.Ordinal) ? Decode(subject) : subject);
        return token.Success ? int.Parse(token.Groups["number"].ValueSpan, CultureInfo.InvariantCulture) : null;
    }

    /// <summary>The subject with a token at its end.</summary>
    public static string Append(string? subject, int number) =>
        string.Create(CultureInfo.InvariantCulture, $"{subject} CRM:{number:0000000}").TrimStart();

    /// <summary>
    /// Encoded words (RFC 2047) as their octets, one character each: a token is ASCII in every character set that mail is written in. Blanks between
    /// two of them are none of the text, so that a token in which one ends and the next begins is whole.
    /// </summary>
    private static string Decode(string subject) => EncodedWord().Replace(subject, word =>
    {
        string text = word.Groups["text"].Value;
        if (word.Groups["encoding"].ValueSpan is "Q" or "q")
            return QuotedOctet().Replace(text, octet => ((char)Convert.ToByte(octet.Groups["hex"].Value, 16)).ToString()).Replace('_', ' ');
        byte[] octets = new byte[text.Length];
        return Convert.TryFromBase64String(text, octets, out int length) ? Encoding.Latin1.GetString(octets, 0, length) : word.Value;
    });

    [GeneratedRegex(@"(?<![A-Za-z0-9])CRM:(?<number>[0-9]{7})(?![0-9])", RegexOptions.RightToLeft)]
    private static partial Regex Token();

    [GeneratedRegex(@"=\?[^?\s]+\?(?<encoding>[BQbq])\?(?<text>[^?\s]*)\?=(\s+(?==\?))?")]
    private static partial Regex EncodedWord();

    [GeneratedRegex("=(?<hex>[0-9A-Fa-f]{2})")]
    private static partial Regex QuotedOctet();
}
