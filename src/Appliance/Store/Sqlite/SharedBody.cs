namespace EmailSync.Appliance.Store.Sqlite;

/// <summary>What of content may be shared with other copies of the same letter: all that comes after the header block.</summary>
/// <param name="Offset">Where it begins, behind the empty line.</param>
/// <param name="Sha256">Of it alone.</param>
internal sealed record SharedBody(int Offset, byte[] Sha256)
{
    /// <summary>Header blocks up to here are kept beside a shared body: twice what Sendmail accepts (MaxHeadersLength, 32 KiB).</summary>
    public const int LargestHeader = 64 * 1024;

    /// <summary>A page of the database: below it sharing saves nothing.</summary>
    public const int SmallestBody = 4 * 1024;

    /// <summary>Where the body begins; null where no empty line ends the header block within <see cref="LargestHeader"/>.</summary>
    public static int? OffsetIn(ReadOnlySpan<byte> start)
    {
        start = start[..Math.Min(start.Length, LargestHeader)];
        int line = 0;
        while (start[line..].IndexOf((byte)'\n') is var lineEnd and >= 0)
        {
            line += lineEnd + 1;
            if (start[line..].StartsWith("\n"u8))
                return line + 1;
            if (start[line..].StartsWith("\r\n"u8))
                return line + 2;
        }

        return null;
    }
}
