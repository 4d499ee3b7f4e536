namespace EmailSync.Lab;

/// <summary>The argument of MAIL or RCPT: a path in angle brackets and parameters behind it (RFC 5321 section 4.1.2).</summary>
internal readonly record struct SmtpPath(string Address, string[] Parameters)
{
    /// <summary>Reads the argument as strictly as a submission server does; null when it breaks the grammar.</summary>
    public static SmtpPath? Parse(string argument, string keyword)
    {
        if (!argument.StartsWith(keyword + "<", StringComparison.OrdinalIgnoreCase) || argument.Any(char.IsControl))
            return null;
        int end = EndOfPath(argument, keyword.Length + 1);
        if (end < 0)
            return null;
        string rest = argument[(end + 1)..];
        if (rest.Length > 0 && rest[0] != ' ')
            return null;
        return new SmtpPath(argument[(keyword.Length + 1)..end], rest.Split(' ', StringSplitOptions.RemoveEmptyEntries));
    }

    // A ">" inside a quoted local-part is not the end.
    private static int EndOfPath(string argument, int from)
    {
        bool isQuoted = false;
        for (int at = from; at < argument.Length; at++)
        {
            if (argument[at] == '\\' && isQuoted)
                at++;
            else if (argument[at] == '"')
                isQuoted = !isQuoted;
            else if (argument[at] == '>' && !isQuoted)
                return at;
            else if (argument[at] is ' ' or '<' && !isQuoted)
                return -1;
        }
        return -1;
    }
}
