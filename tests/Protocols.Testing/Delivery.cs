namespace EmailSync.Protocols.Testing;

/// <summary>How a peer's octets reach the client: which of them one read gets, and where they end.</summary>
internal sealed record Delivery
{
    /// <summary>The most octets that one read gets.</summary>
    public int Fragment { get; init; } = int.MaxValue;

    /// <summary>A read gets no more than one line of the transcript.</summary>
    public bool IsLineByLine { get; init; }

    /// <summary>No read goes past this many octets from the beginning.</summary>
    public int SplitAt { get; init; } = int.MaxValue;

    /// <summary>The server closes after this many octets.</summary>
    public int TruncateAfter { get; init; } = int.MaxValue;

    /// <summary>The most points of a transcript at which it is split and cut.</summary>
    private const int MaxPoints = 1000;

    /// <summary>Whole lines, lines glued together, and small pieces.</summary>
    public static IEnumerable<Delivery> InPieces =>
    [
        new() { IsLineByLine = true }, new(), new() { Fragment = 1 }, new() { Fragment = 2 }, new() { Fragment = 3 }, new() { Fragment = 7 },
    ];

    /// <summary>
    /// Every place between two octets; of a transcript that is longer than <see cref="MaxPoints"/> the places around each line end, and
    /// others at equal distances.
    /// </summary>
    public static IEnumerable<int> Points(IReadOnlyList<int> lines)
    {
        int octets = lines.Sum();
        if (octets <= MaxPoints)
            return Enumerable.Range(0, octets);
        HashSet<int> points = [.. Enumerable.Range(0, MaxPoints / 2).Select(point => (int)((long)point * octets * 2 / MaxPoints))];
        int end = 0;
        foreach (int line in lines)
        {
            end += line;
            for (int around = -3; around <= 1 && points.Count < MaxPoints; around++)
                if (end + around >= 0 && end + around < octets)
                    points.Add(end + around);
        }
        return points.Order();
    }

    public override string ToString() =>
        TruncateAfter < int.MaxValue ? $"cut after {TruncateAfter} octets"
        : SplitAt < int.MaxValue ? $"split after {SplitAt} octets"
        : IsLineByLine ? "line by line"
        : Fragment < int.MaxValue ? $"by {Fragment} octets"
        : "glued together";
}
