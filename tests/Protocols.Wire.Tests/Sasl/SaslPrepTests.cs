using EmailSync.Protocols.Wire.Sasl;

namespace EmailSync.Protocols.Wire.Tests.Sasl;

/// <summary>SASLprep, in a process whose platform normalises.</summary>
public sealed class SaslPrepTests
{
    [Theory]
    [InlineData("I\u00ADX", "IX")]
    [InlineData("user", "user")]
    [InlineData("USER", "USER")]
    [InlineData("\u00AA", "a")]
    [InlineData("\u2168", "IX")]
    public void Rfc4013_section_3_the_examples_that_are_prepared(string text, string prepared) =>
        Assert.Equal(prepared, SaslPrep.Prepare(text, "name"));

    [Theory]
    [InlineData("\u0007")]
    [InlineData("\u06271")]
    public void Rfc4013_section_3_the_examples_that_are_refused(string text)
    {
        Assert.False(SaslPrep.CanPrepare(text));
        ArgumentException refusal = Assert.Throws<ArgumentException>(() => SaslPrep.Prepare(text, "name"));
        Assert.DoesNotContain(text, refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("one\u00A0two", "one two")]
    [InlineData("one\u3000two", "one two")]
    [InlineData("\u00BD", "1\u20442")]
    [InlineData("e\u0301", "\u00E9")]
    [InlineData("\u05D0\u05D1", "\u05D0\u05D1")]
    [InlineData("\u06271\u0628", "\u06271\u0628")]
    [InlineData("\uD83D\uDE00", "\uD83D\uDE00")]
    public void What_is_not_ascii_is_mapped_and_normalised(string text, string prepared) =>
        Assert.Equal(prepared, SaslPrep.Prepare(text, "name"));

    [Theory]
    [InlineData("")]
    [InlineData("\u00AD")]
    [InlineData("a\u007F")]
    [InlineData("a\u0085")]
    [InlineData("a\uE000")]
    [InlineData("a\uFDD0")]
    [InlineData("a\uFFFD")]
    [InlineData("a\uD83F\uDFFE")]
    [InlineData("a\u202E")]
    [InlineData("a\u2FF0")]
    [InlineData("a\u206A")]
    [InlineData("\u05D0a\u05D0")]
    [InlineData("a\u05D0")]
    public void What_could_be_taken_for_something_else_is_refused(string text) => Assert.False(SaslPrep.CanPrepare(text));

    [Fact]
    public void Half_a_character_is_refused() => Assert.False(SaslPrep.CanPrepare("a\uD83D"));
}
