namespace EmailSync.Lab;

/// <summary>Reads the content of one message, by DATA or by BDAT, and gives the script its say meanwhile.</summary>
internal sealed class SmtpContent(LabServer lab, LabConnection connection, int message)
{
    // A forwarded copy needs the octets even when the outbox keeps none.
    private bool Keeps(SmtpTransaction transaction) =>
        lab.Options.KeepContent || transaction.ForwardPaths.Any(address => lab.Find(address) is not null);

    /// <summary>Reads up to CRLF.CRLF and nothing else (RFC 5321 section 4.1.1.4), removing stuffed dots.</summary>
    /// <returns>False when the script has replied already.</returns>
    public async ValueTask<bool> ReadUntilDotAsync(SmtpTransaction transaction)
    {
        bool keeps = Keeps(transaction);
        bool isAtLineStart = true;
        Strike? strike = TakeStrike();
        int seen = 0;
        while (true)
        {
            ReadOnlyMemory<byte> octets = await connection.ReadContentAsync(seen);
            if (octets.IsEmpty)
                throw new EndOfStreamException("The client left in the middle of DATA.");
            int used = Unstuff(octets.Span, transaction, keeps, ref isAtLineStart, out bool isEnd);
            connection.Consume(used);
            seen = octets.Length - used;
            if (strike is not null && transaction.Octets >= strike.AfterOctets)
            {
                await connection.EnactAsync(strike);
                return false;
            }
            if (isEnd)
                return true;
        }
    }

    /// <summary>Reads exactly so many octets, as they are.</summary>
    /// <returns>False when the script has replied already.</returns>
    public async ValueTask<bool> ReadAsync(SmtpTransaction transaction, long size)
    {
        bool keeps = Keeps(transaction);
        Strike? strike = TakeStrike();
        for (long left = size; left > 0;)
        {
            ReadOnlyMemory<byte> octets = await connection.ReadContentAsync();
            if (octets.IsEmpty)
                throw new EndOfStreamException("The client left in the middle of BDAT.");
            int used = (int)Math.Min(left, octets.Length);
            transaction.Append(octets.Span[..used], keeps);
            connection.Consume(used);
            left -= used;
            if (strike is not null && transaction.Octets >= strike.AfterOctets)
            {
                await connection.EnactAsync(strike);
                return false;
            }
        }
        return true;
    }

    private Strike? TakeStrike() => lab.Script.IsEmpty
        ? null
        : lab.Script.Take(connection, Misbehaviour.InContent, isAfter: false, message: message);

    private static int Unstuff(
        ReadOnlySpan<byte> octets, SmtpTransaction transaction, bool keeps, ref bool isAtLineStart, out bool isEnd)
    {
        int used = 0;
        isEnd = false;
        while (used < octets.Length)
        {
            ReadOnlySpan<byte> rest = octets[used..];
            if (isAtLineStart && rest[0] == '.')
            {
                if (rest.Length < 3 && ".\r\n"u8.StartsWith(rest))
                    return used; // not enough to tell the end from a stuffed dot
                if (rest.StartsWith(".\r\n"u8))
                {
                    isEnd = true;
                    return used + 3;
                }
                rest = rest[1..];
                used++;
            }
            int at = rest.IndexOf("\r\n."u8);
            isAtLineStart = at >= 0;
            int piece = at >= 0 ? at + 2 : rest.Length;
            if (at < 0 && rest.EndsWith("\r\n"u8))
                isAtLineStart = true;
            else if (at < 0 && rest[^1] == '\r')
                piece--; // whether a line ends here is in the next read
            transaction.Append(rest[..piece], keeps);
            used += piece;
            if (piece == 0)
                return used;
        }
        return used;
    }
}
