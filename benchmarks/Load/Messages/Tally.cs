namespace EmailSync.Load.Messages;

/// <summary>What arrived: how many messages, how many octets, and the sum of their hashes, whatever their order.</summary>
/// <param name="Messages">Whole messages.</param>
/// <param name="Octets">Octets of content, un-stuffed.</param>
/// <param name="Digest">The sum of the messages' hashes, modulo 2^64.</param>
internal readonly record struct Tally(long Messages, long Octets, ulong Digest)
{
    public static Tally operator +(Tally one, Tally other) => Add(one, other);

    public static Tally Add(Tally one, Tally other) =>
        new(one.Messages + other.Messages, one.Octets + other.Octets, unchecked(one.Digest + other.Digest));

    public static Tally operator *(Tally one, int times) => Multiply(one, times);

    public static Tally Multiply(Tally one, int times) =>
        new(one.Messages * times, one.Octets * times, unchecked(one.Digest * (ulong)times));
}
