using System.Text.RegularExpressions;

namespace EmailSync.Appliance.Processing;

/// <summary>
/// Reads from a server's words that a maildrop is locked by another session, where it has no code for it: "maildrop already locked"
/// (RFC 1939), "lock busy! Is another session active?" (Qpopper), "Unable to lock maildrop" (Cyrus), "Mailbox in use" (UW).
/// </summary>
internal static partial class LockedMaildrop
{
    /// <summary>Whether that is what they say. An account or a user that is locked is another matter, and so is a password.</summary>
    public static bool IsMeantBy(string words) => Lock().IsMatch(words) && !Account().IsMatch(words);

    [GeneratedRegex(
        @"\bmail ?(drop|box)\b.{0,40}\b(locked|busy|in use|being used)\b|\b(can't|cannot|unable to|could not|failed to) (get|obtain|acquire )?.{0,20}\block\b|\block busy\b|\banother (pop3? )?session\b",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Lock();

    [GeneratedRegex(@"\b(accounts?|users?|login|password|credentials|disabled|suspended|attempts)\b", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Account();
}
