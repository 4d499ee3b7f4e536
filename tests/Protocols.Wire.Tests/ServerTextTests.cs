using System.Text;

namespace EmailSync.Protocols.Wire.Tests;

/// <summary>T-09: what a server says is shown as data, in one line, whatever it holds.</summary>
public sealed class ServerTextTests
{
    [Theory]
    [InlineData("plain text", "plain text")]
    [InlineData("", "")]
    [InlineData("caf\u00E9 \U0001F600", "caf\u00E9 \U0001F600")]
    [InlineData("\u001B[31m\u0007\u007F", @"\x1B[31m\x07\x7F")]
    [InlineData("\u0085\u009B", @"\x85\x9B")]
    [InlineData("a\u202Eb\u2066c\u200Bd\u2028e\uFEFF", @"a\u202Eb\u2066c\u200Bd\u2028e\uFEFF")]
    [InlineData("\U000E0041", @"\uE0041")]
    [InlineData("a\r\nb\0", @"a\x0D\x0Ab\x00")]
    public void Controls_and_what_turns_the_text_around_are_escaped(string text, string shown) =>
        Assert.Equal(shown, ServerText.Show(Encoding.UTF8.GetBytes(text)));

    [Fact]
    public void What_is_not_UTF8_is_Latin1() =>
        Assert.Equal("caf\u00E9 \u00BF", ServerText.Show([.. "caf"u8, 0xE9, 0x20, 0xBF]));

    [Theory]
    [InlineData("x")]
    [InlineData("\u00E9")]
    [InlineData("\u20AC")]
    [InlineData("\U0001F600")]
    [InlineData("\u0001")]
    public void A_long_text_is_cut_and_says_so(string character)
    {
        string shown = ServerText.Show(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(character, 100_000))));
        Assert.InRange(shown.Length, ServerText.MaxLength - 4, ServerText.MaxLength);
        Assert.EndsWith("…", shown, StringComparison.Ordinal);
        Assert.DoesNotContain('\uFFFD', shown);
        Assert.DoesNotContain(shown.EnumerateRunes(), rune => rune == Rune.ReplacementChar);
    }

    [Fact]
    public void Exactly_as_long_as_it_may_be_it_is_whole() =>
        Assert.Equal(new string('x', 200), ServerText.Show(Encoding.ASCII.GetBytes(new string('x', 200))));
}
