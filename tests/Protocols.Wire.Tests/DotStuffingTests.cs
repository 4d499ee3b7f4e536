using System.Text;
using CsCheck;

namespace EmailSync.Protocols.Wire.Tests;

public sealed class DotStuffingTests
{
    [Theory]
    [InlineData(".\r\n", "")]
    [InlineData("\r\n.\r\n", "\r\n")]
    [InlineData("text\r\n.\r\n", "text\r\n")]
    [InlineData("..\r\n.\r\n", ".\r\n")]
    [InlineData("...\r\n.\r\n", "..\r\n")]
    [InlineData("..x\r\n.\r\n", ".x\r\n")]
    [InlineData(".x\r\n.\r\n", "x\r\n")]
    [InlineData("a\r\n..\r\nb\r\n.\r\n", "a\r\n.\r\nb\r\n")]
    [InlineData("a\n.\nb\r\n.\r\n", "a\n.\nb\r\n")]
    [InlineData("a\n.\r\nb\r\n.\r\n", "a\n.\r\nb\r\n")]
    [InlineData("a\r.\r\nb\r\n.\r\n", "a\r.\r\nb\r\n")]
    [InlineData("a\r\r\n.\r\n", "a\r\r\n")]
    [InlineData("a\r\n.\rb\r\n.\r\n", "a\r\n\rb\r\n")]
    [InlineData("a\r\n.\r\r\n.\r\n", "a\r\n\r\r\n")]
    [InlineData("a\r\n.\n\r\n.\r\n", "a\r\n\n\r\n")]
    public void Content_ends_at_a_lone_dot_between_two_CRLF_and_nowhere_else(string onTheWire, string content)
    {
        for (int pieces = 1; pieces <= onTheWire.Length; pieces++)
            Assert.Equal((content, ""), Decode(onTheWire, pieces));
    }

    [Fact]
    public void What_follows_the_end_is_left_alone() =>
        Assert.Equal(("a\r\n", "+OK\r\n"), Decode("a\r\n.\r\n+OK\r\n", int.MaxValue));

    [Fact]
    public void However_the_octets_are_cut_the_content_is_the_same()
    {
        Gen.Select(Gen.OneOf('\r', '\n', '.', 'a').Array[0, 100], Gen.Int[1, 30]).Sample((octets, pieces) =>
        {
            string onTheWire = new string(octets) + "\r\n.\r\n";
            (string content, _) = Decode(onTheWire, pieces);
            Assert.Equal(Reference(onTheWire), content);
        });
    }

    /// <summary>Feeds the octets in pieces and collects the content up to the end, and what of the last piece lies behind it.</summary>
    internal static (string Content, string Behind) Decode(string onTheWire, int pieces)
    {
        byte[] octets = Encoding.Latin1.GetBytes(onTheWire);
        StringBuilder content = new();
        bool atLineStart = true;
        int start = 0;
        int end = Math.Min(pieces, octets.Length);
        while (true)
        {
            DotStuffing.Piece piece = DotStuffing.Take(octets.AsSpan(start, end - start), ref atLineStart);
            content.Append(Encoding.Latin1.GetString(octets, start + piece.Skip, piece.Content));
            start += piece.Skip + piece.Content;
            if (piece.IsEnd)
                return (content.ToString(), Encoding.Latin1.GetString(octets[start..end]));
            if (piece.IsUndecided)
            {
                Assert.True(end < octets.Length, "The end was not seen");
                end = (int)Math.Min((long)end + pieces, octets.Length);
            }
        }
    }

    /// <summary>The rule as a sentence: lines end in CRLF, the first that is a dot ends it, a leading dot is dropped.</summary>
    private static string Reference(string onTheWire)
    {
        string[] lines = onTheWire.Split("\r\n");
        return string.Concat(lines.TakeWhile(line => line != ".").Select(line => (line.StartsWith('.') ? line[1..] : line) + "\r\n"));
    }
}
