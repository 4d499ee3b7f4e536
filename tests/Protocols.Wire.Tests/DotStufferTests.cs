using System.Text;
using CsCheck;

namespace EmailSync.Protocols.Wire.Tests;

public sealed class DotStufferTests
{
    private static readonly ContentRules Normalise = new(RefuseBareLineEnds: false, RefuseNul: false);
    private static readonly ContentRules Refuse = new(RefuseBareLineEnds: true, RefuseNul: true);

    [Theory]
    [InlineData("", ".\r\n")]
    [InlineData("\r\n", "\r\n.\r\n")]
    [InlineData("text", "text\r\n.\r\n")]
    [InlineData("text\r\n", "text\r\n.\r\n")]
    [InlineData(".", "..\r\n.\r\n")]
    [InlineData("..", "...\r\n.\r\n")]
    [InlineData("...", "....\r\n.\r\n")]
    [InlineData(".\r\n", "..\r\n.\r\n")]
    [InlineData("\r\n.", "\r\n..\r\n.\r\n")]
    [InlineData("a\r\n.\r\nb", "a\r\n..\r\nb\r\n.\r\n")]
    [InlineData("a.b\r\n", "a.b\r\n.\r\n")]
    public void A_line_that_begins_with_a_dot_gets_one_more(string content, string onTheWire) =>
        Assert.Equal(onTheWire, Encode(content, Normalise));

    // S-01, the smuggling table: whatever the content tries, every line end on the wire is CRLF and the only lone dot is ours.
    [Theory]
    [InlineData("a\n.\nb", "a\r\n..\r\nb\r\n.\r\n")]
    [InlineData("a\n.\r\nb", "a\r\n..\r\nb\r\n.\r\n")]
    [InlineData("a\r.\rb", "a\r\n..\r\nb\r\n.\r\n")]
    [InlineData("a\r.\nb", "a\r\n..\r\nb\r\n.\r\n")]
    [InlineData("a\r\n.\nb", "a\r\n..\r\nb\r\n.\r\n")]
    [InlineData("a\r\n.\rb", "a\r\n..\r\nb\r\n.\r\n")]
    [InlineData("a\n.\rb", "a\r\n..\r\nb\r\n.\r\n")]
    [InlineData("a\r.\r\nb", "a\r\n..\r\nb\r\n.\r\n")]
    [InlineData("a\r\n.\r\r\nb", "a\r\n..\r\n\r\nb\r\n.\r\n")]
    [InlineData("a\r\r\n.\r\r\nb", "a\r\n\r\n..\r\n\r\nb\r\n.\r\n")]
    [InlineData("a\r\n\0.\r\nb", "a\r\n\0.\r\nb\r\n.\r\n")]
    [InlineData("a\r\n.\0\r\nb", "a\r\n..\0\r\nb\r\n.\r\n")]
    [InlineData("a\r", "a\r\n.\r\n")]
    [InlineData("a\n", "a\r\n.\r\n")]
    public void Smuggled_ends_are_disarmed(string content, string onTheWire) =>
        Assert.Equal(onTheWire, Encode(content, Normalise));

    [Theory]
    [InlineData("a\nb", "bare LF at octet 1")]
    [InlineData("a\rb", "bare CR at octet 1")]
    [InlineData("a\r", "bare CR at octet 1")]
    [InlineData("a\r\r\n", "bare CR at octet 1")]
    [InlineData("ab\r\n\n", "bare LF at octet 4")]
    [InlineData("a\0b", "NUL at octet 1")]
    [InlineData("0123456789012345678901234567890123456789\0", "NUL at octet 40")]
    [InlineData("0123456789012345678901234567890123456789\n", "bare LF at octet 40")]
    // Long enough for the vectorised path to meet them.
    [InlineData("0123456789012345678901234567890123456789\0 23456789012345678901234567890123456789012345678901234567890123456789", "NUL at octet 40")]
    [InlineData("0123456789012345678901234567890123456789\n 23456789012345678901234567890123456789012345678901234567890123456789", "bare LF at octet 40")]
    [InlineData("0123456789012345678901234567890123456789\r 23456789012345678901234567890123456789012345678901234567890123456789", "bare CR at octet 40")]
    public void What_must_not_be_sent_is_refused_with_its_place(string content, string complaint)
    {
        InvalidContentException refusal = Assert.Throws<InvalidContentException>(() => Encode(content, Refuse));
        Assert.Contains(complaint, refusal.Message, StringComparison.Ordinal);
        refusal = Assert.Throws<InvalidContentException>(() => Encode(content, Refuse, pieces: 1));
        Assert.Contains(complaint, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void However_the_content_is_cut_the_wire_is_the_same()
    {
        Gen.Select(Gen.OneOf('\r', '\n', '.', 'a', '\0').Array[0, 200], Gen.Int[1, 70], Gen.Int[4, 70]).Sample((octets, pieces, room) =>
        {
            string content = new(octets);
            Assert.Equal(Reference(content), Encode(content, Normalise, pieces, room));
        });
    }

    [Fact]
    public void What_was_stuffed_comes_out_as_it_was_in_any_pieces()
    {
        Gen.Select(Gen.OneOf("\r\n", ".", "text", "x", "\r\n.").Array[0, 100], Gen.Int[1, 40]).Sample((parts, pieces) =>
        {
            string content = string.Concat(parts);
            string whole = content.Length == 0 || content.EndsWith("\r\n", StringComparison.Ordinal) ? content : content + "\r\n";
            (string decoded, string rest) = DotStuffingTests.Decode(Encode(content, Refuse) + "+OK next", pieces);
            Assert.Equal(whole, decoded);
            Assert.StartsWith(rest, "+OK next", StringComparison.Ordinal);
        });
    }

    /// <summary>The rule as a sentence: normalise, end the last line, double the dots, add the end.</summary>
    private static string Reference(string content)
    {
        StringBuilder lines = new(content);
        lines.Replace("\r\n", "\n").Replace('\r', '\n').Replace("\n", "\r\n");
        string text = lines.ToString();
        if (text.Length > 0 && !text.EndsWith("\r\n", StringComparison.Ordinal))
            text += "\r\n";
        if (text.StartsWith('.'))
            text = "." + text;
        return text.Replace("\r\n.", "\r\n..", StringComparison.Ordinal) + ".\r\n";
    }

    private static string Encode(string content, ContentRules rules, int pieces = int.MaxValue, int room = 4096)
    {
        DotStuffer stuffer = new(rules);
        byte[] source = Encoding.Latin1.GetBytes(content);
        byte[] destination = new byte[Math.Max(room, 5)];
        List<byte> wire = [];
        for (int start = 0; start < source.Length;)
        {
            ReadOnlySpan<byte> piece = source.AsSpan(start, Math.Min(pieces, source.Length - start));
            (int consumed, int written) = stuffer.Encode(piece, destination.AsSpan(0, room));
            wire.AddRange(destination.AsSpan(0, written));
            start += consumed;
        }
        wire.AddRange(destination.AsSpan(0, stuffer.Finish(destination)));
        return Encoding.Latin1.GetString([.. wire]);
    }
}
