using EmailSync.Protocols.Wire;

namespace EmailSync.Fuzz;

/// <summary>The transparency rule, both ways: what is stuffed comes out again, wherever it is cut, and nothing behind its end is touched.</summary>
internal static class TransparencyTarget
{
    public static void Run(byte[] octets)
    {
        int step = octets.Length == 0 ? 1 : (octets[0] % 17) + 1;
        UnStuffAsReceived(octets, step);

        byte[] stuffed = Stuff(octets, step);
        FindingException.Unless(stuffed.AsSpan().SequenceEqual(Stuff(octets, int.MaxValue)), "stuffing does not depend on where its input is cut");
        int end = stuffed.AsSpan().IndexOf("\r\n.\r\n"u8);
        FindingException.Unless(end < 0 ? stuffed.Length == 3 : end == stuffed.Length - 5, "there is one end, at the end");
        (byte[]? content, int taken) = UnStuff(stuffed, step);
        FindingException.Unless(content is not null && taken == stuffed.Length, "what was stuffed ends where it ends");
        FindingException.Unless(content!.AsSpan().SequenceEqual(Canonical(octets)), "what was stuffed comes out again, with CRLF for every line end");
    }

    /// <summary>Octets of a peer: whatever they are, cutting them differently changes nothing.</summary>
    private static void UnStuffAsReceived(byte[] octets, int step)
    {
        (byte[]? whole, int taken) = UnStuff(octets, int.MaxValue);
        (byte[]? pieces, int takenInPieces) = UnStuff(octets, step);
        FindingException.Unless(whole is null == pieces is null && taken == takenInPieces, "un-stuffing does not depend on where its input is cut");
        FindingException.Unless(whole is null || whole.AsSpan().SequenceEqual(pieces), "un-stuffing gives the same content");
        int end = octets.AsSpan().StartsWith(".\r\n"u8) ? 3 : octets.AsSpan().IndexOf("\r\n.\r\n"u8) is var index and >= 0 ? index + 5 : -1;
        FindingException.Unless(whole is null == end < 0 && (end < 0 || taken == end), "content ends at the first lone dot between CRLFs, and nowhere else");
    }

    private static (byte[]? Content, int Taken) UnStuff(byte[] octets, int step)
    {
        List<byte> content = [];
        bool atLineStart = true;
        int taken = 0;
        for (int received = 0; ;)
        {
            DotStuffing.Piece piece = DotStuffing.Take(octets.AsSpan(taken, received - taken), ref atLineStart);
            if (piece.IsEnd)
                return ([.. content], taken + piece.Skip);
            if (piece.IsUndecided)
            {
                if (received == octets.Length)
                    return (null, 0);
                received = (int)Math.Min((long)received + step, octets.Length);
                continue;
            }
            content.AddRange(octets.AsSpan(taken + piece.Skip, piece.Content));
            taken += piece.Skip + piece.Content;
        }
    }

    private static byte[] Stuff(byte[] content, int step)
    {
        DotStuffer stuffer = new(new(RefuseBareLineEnds: false, RefuseNul: false));
        byte[] stuffed = new byte[(content.Length * DotStuffer.MostPerStep) + 16];
        int written = 0;
        for (int start = 0; start < content.Length;)
        {
            int count = Math.Min(step, content.Length - start);
            (int consumed, int some) = stuffer.Encode(content.AsSpan(start, count), stuffed.AsSpan(written));
            start += consumed;
            written += some;
        }
        return stuffed[..(written + stuffer.Finish(stuffed.AsSpan(written)))];
    }

    /// <summary>The plain way to say it: every CR LF, CR and LF is a line end, and the last line has one.</summary>
    private static byte[] Canonical(byte[] content)
    {
        List<byte> lines = [];
        for (int i = 0; i < content.Length; i++)
        {
            bool isPair = content[i] == '\r' && i + 1 < content.Length && content[i + 1] == '\n';
            if (content[i] is not ((byte)'\r' or (byte)'\n'))
                lines.Add(content[i]);
            else
                lines.AddRange("\r\n"u8);
            i += isPair ? 1 : 0;
        }
        if (lines.Count > 0 && lines[^1] != '\n')
            lines.AddRange("\r\n"u8);
        return [.. lines];
    }
}
