namespace EmailSync.Appliance.Processing;

/// <summary>
/// How much one session takes of a maildrop before it makes room for others: so much, or a fiftieth of all, so that a huge maildrop is not
/// listed more than about fifty times.
/// </summary>
/// <param name="Messages">At least so many messages.</param>
/// <param name="Octets">At least so many octets.</param>
public sealed record SliceSize(int Messages = 1000, long Octets = 64 * 1024 * 1024)
{
    private const int MostSlices = 50;

    // A list may say anything: the sum of a billion of these is still a number.
    private const long MostBelieved = 1L << 32;

    /// <summary>Cuts what is new into batches, the last of which may be smaller. A message larger than a slice is a batch of its own.</summary>
    public IEnumerable<NewMessage[]> Cut(IReadOnlyList<NewMessage> messages)
    {
        int most = Math.Max(Messages, messages.Count / MostSlices);
        long mostOctets = Math.Max(Octets, messages.Sum(Believed) / MostSlices);
        List<NewMessage> batch = [];
        long octets = 0;
        foreach (NewMessage message in messages)
        {
            if (batch.Count == most || (batch.Count > 0 && octets + Believed(message) > mostOctets))
            {
                yield return [.. batch];
                batch.Clear();
                octets = 0;
            }

            batch.Add(message);
            octets += Believed(message);
        }

        if (batch.Count > 0)
            yield return [.. batch];
    }

    private static long Believed(NewMessage message) => Math.Min(message.Octets, MostBelieved);
}
