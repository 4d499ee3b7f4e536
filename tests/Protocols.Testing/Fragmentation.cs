namespace EmailSync.Protocols.Testing;

/// <summary>The sizes in which every transcript is delivered: octet by octet, small odd pieces, and all lines glued together.</summary>
public static class Fragmentation
{
    /// <summary>For <c>[MemberData]</c>: the most octets that one read gets.</summary>
    public static IEnumerable<object[]> Sizes => [[1], [2], [3], [7], [int.MaxValue]];
}
