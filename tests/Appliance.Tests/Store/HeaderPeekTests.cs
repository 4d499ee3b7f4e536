using System.Text;
using CsCheck;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;

namespace EmailSync.Appliance.Tests.Store;

/// <summary>What is read from the head of a message, good or bad.</summary>
public sealed class HeaderPeekTests
{
    [Fact]
    public void The_first_field_of_a_name_counts() =>
        Assert.Equal("first", Read("Subject: first\r\nSubject: second\r\n\r\n").Subject);

    [Theory]
    [InlineData("subject: x")]
    [InlineData("SUBJECT:x")]
    [InlineData("Subject : x")]
    [InlineData("Subject\t: \t x \t")]
    [InlineData("Subject:\r\n x")]
    public void A_field_is_known_in_every_spelling_that_is_in_use(string line) => Assert.Equal("x", Read(line + "\r\n\r\nbody").Subject);

    [Theory]
    [InlineData("one\r\n two", "one two")]
    [InlineData("one\r\n\ttwo", "one two")]
    [InlineData("one \r\n  two", "one   two")]
    [InlineData("one\r\n \r\n two", "one  two")]
    public void A_folded_field_is_unfolded(string folded, string expected) =>
        Assert.Equal(expected, Read($"Subject: {folded}\r\n\r\n").Subject);

    [Fact]
    public void The_block_ends_at_the_empty_line()
    {
        Assert.Null(Read("From: a@example.com\r\n\r\nSubject: in the body").Subject);
        Assert.Null(Read("\r\nSubject: in the body").Subject);
        Assert.Null(Read("From: a@example.com\r\n\r\n folded by nobody\r\nSubject: in the body").Subject);
    }

    [Theory, InlineData("\n"), InlineData("\r\n")]
    public void Lines_may_end_with_a_lone_line_feed(string end) =>
        Assert.Equal(
            ("a@example.com", "x"), (Read($"From: a@example.com{end}Subject: x{end}{end}body").From, Read($"Subject: x{end}").Subject));

    [Theory]
    [InlineData("From ada@example.com Sun Mar  1 12:00:00 2026\r\nSubject: x\r\n\r\n")]
    [InlineData("this is no field\r\nSubject: x\r\n\r\n")]
    [InlineData(": nameless\r\nSubject: x\r\n\r\n")]
    [InlineData("Subject: x")]
    public void What_is_no_field_is_passed_over(string message) => Assert.Equal("x", Read(message).Subject);

    [Fact]
    public void An_empty_field_is_there_and_a_missing_one_is_not()
    {
        EmailHeaders headers = Read("Subject:\r\nTo: \r\n\r\n");
        Assert.Equal(("", "", null), (headers.Subject, headers.To, headers.Cc));
    }

    [Fact]
    public void Encoded_words_stay_and_octets_that_are_no_UTF_8_are_replaced()
    {
        Assert.Equal("=?utf-8?b?w7w=?=", Read("Subject: =?utf-8?b?w7w=?=\r\n\r\n").Subject);
        Assert.Equal("ü\uFFFD!", HeaderPeek.Read([.. "Subject: "u8, 0xC3, 0xBC, 0xFC, (byte)'!', .. "\r\n\r\n"u8]).Subject);
    }

    [Fact]
    public void Control_characters_become_blanks() =>
        Assert.Equal("a b c d", Read("Subject: a\0b\u001bc\u007fd\r\n\r\n").Subject);

    [Fact]
    public void A_long_field_is_cut_at_a_character_s_border()
    {
        string subject = Read($"Subject: {new string('x', HeaderPeek.MaximumFieldLength - 1)}üüü\r\nTo: b@example.com\r\n\r\n").Subject!;
        Assert.Equal(new string('x', HeaderPeek.MaximumFieldLength - 1), subject);
        Assert.Equal(HeaderPeek.MaximumFieldLength / 2, Read($"Subject: {new string('ü', 5000)}\r\n\r\n").Subject!.Length);
        Assert.Equal("b@example.com", Read($"Subject: {new string('x', 100_000)}\r\nTo: b@example.com\r\n\r\n").To);
    }

    [Fact]
    public void Fields_behind_the_limit_are_not_looked_for()
    {
        string filler = "X: y\r\n";
        string long1 = string.Concat(Enumerable.Repeat(filler, HeaderPeek.MaximumLength / filler.Length));
        Assert.Null(Read($"{long1}X: yy\r\nSubject: x\r\n\r\n").Subject);
        Assert.Equal("x", Read($"{long1[..^100]}\r\nSubject: x\r\n\r\n").Subject);
    }

    [Fact]
    public void Whatever_the_octets_are_the_answer_is_bounded()
    {
        string[] pieces = ["From", "Subject", "References", ":", " ", "\t", "\r", "\n", "\r\n", "\r\n ", "ü", "\0", "x"];
        Gen<byte[]> pieced = Gen.OneOf(pieces).Array[0, 200].Select(parts => Encoding.UTF8.GetBytes(string.Concat(parts)));
        Gen<byte[]> octets = Gen.Byte.Array[0, 500];
        Gen<byte[]> repeated = Gen.Select(
            pieced, Gen.Int[1, 200], (part, times) => Enumerable.Repeat(part, times).SelectMany(one => one).ToArray());
        Gen.OneOf(pieced, octets, repeated).Sample(message =>
        {
            EmailHeaders headers = HeaderPeek.Read(message);
            return Values(headers).All(value => value is null
                || (value.Length <= HeaderPeek.MaximumFieldLength && !value.Any(character => character is < ' ' or '\u007f')));
        });
    }

    [Fact]
    public void What_is_written_as_a_field_is_read_back()
    {
        Gen<string> texts = Gen.Char['!', '~'].Array[1, 60].Select(characters => new string(characters));
        Gen.Select(texts, texts, texts, Gen.Int[1, 59]).Sample((from, subject, noise, fold) =>
        {
            string folded = fold < subject.Length ? $"{subject[..fold]}\r\n {subject[fold..]}" : subject;
            EmailHeaders headers = Read($"X-Noise: {noise}\r\nFrom: {from}\r\nSubject: {folded}\r\n\r\nSubject: body");
            return headers.From == from && headers.Subject == folded.Replace("\r\n", "", StringComparison.Ordinal);
        });
    }

    private static EmailHeaders Read(string message) => HeaderPeek.Read(Encoding.UTF8.GetBytes(message));

    private static string?[] Values(EmailHeaders headers) =>
    [
        headers.From, headers.To, headers.Cc, headers.ReplyTo, headers.Subject,
        headers.Date, headers.MessageId, headers.InReplyTo, headers.References,
    ];
}
