using System.Text;
using EmailSync.Appliance.Api;
using EmailSync.Appliance.Api.Contracts;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Processing;

namespace EmailSync.Appliance.Tests.Processing.Ledger;

/// <summary>What is composed here is a message as RFC 5322 section 3.6 and RFC 5321 sections 6.4 and 7.2 ask for.</summary>
public sealed class ComposedMessages
{
    private static readonly DateTimeOffset Now = new(2026, 3, 4, 5, 6, 7, TimeSpan.Zero);

    private static readonly Mailbox Sender = new() { Name = "J\u00FCrgen", EmailAddress = "jurgen@lab.example", Profile = default };

    // 5321-6.4-a, 5322-3.6-a, 5322-2.3-a
    [Fact]
    public void A_test_message_has_what_a_message_must_have()
    {
        TestMessage message = TestMessage.Compose("jurgen@lab.example", Now);
        string text = Encoding.UTF8.GetString(message.Content);
        AssertIsWellFormed(text);
        Assert.Contains("Date: Wed, 04 Mar 2026 05:06:07 +0000\r\n", text, StringComparison.Ordinal);
        Assert.Contains("From: <jurgen@lab.example>\r\n", text, StringComparison.Ordinal);
        Assert.NotEqual(message.MessageId, TestMessage.Compose("jurgen@lab.example", Now).MessageId);
    }

    // 5321-6.4-a, 5322-2.2-a, 5322-3.6-a
    [Fact]
    public void A_composed_message_has_what_a_message_must_have()
    {
        EmailInput input = new()
        {
            To = ["Jos\u00E9 <jose@lab.example>"],
            Subject = new string('\u00FC', 300),
            Text = string.Join('\n', "Gr\u00FC\u00DFe", new string('x', 2000), ".", "end"),
        };
        EmailComposer.Composed composed = EmailComposer.Compose(input, Sender, 5120, null, Now);
        string text = Encoding.ASCII.GetString(composed.Content);
        AssertIsWellFormed(text);
        Assert.Contains($"Message-Id: {composed.MessageId}\r\n", text, StringComparison.OrdinalIgnoreCase);
        Assert.All(composed.Content, octet => Assert.InRange(octet, 0, 127));
    }

    // 5321-7.2-a, 5321-App.B-a, F-12
    [Fact]
    public void I_08_a_blind_copy_is_in_the_envelope_alone()
    {
        EmailInput input = new() { To = ["a@lab.example"], Bcc = ["Hidden <hidden@lab.example>"], Subject = "x", Text = "x" };
        EmailComposer.Composed composed = EmailComposer.Compose(input, Sender, 5120, null, Now);
        Assert.Equal(["a@lab.example", "hidden@lab.example"], composed.Recipients);
        string text = Encoding.ASCII.GetString(composed.Content);
        Assert.DoesNotContain("hidden", text, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("Bcc", text, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("x\r\nBcc: evil@lab.example")]
    [InlineData("x\n")]
    [InlineData("x\0")]
    public void I_06_a_control_character_in_a_subject_is_refused(string subject) =>
        Assert.Throws<InvalidRequestException>(
            () => EmailComposer.Compose(new() { To = ["a@lab.example"], Subject = subject, Text = "x" }, Sender, 5120, null, Now));

    // Each of them is refused, or is in the message in a form that begins no field and ends no header.
    [Theory]
    [InlineData("x\r\nBcc: evil@lab.example")]
    [InlineData("x\nBcc: evil@lab.example")]
    [InlineData("x\rBcc: evil@lab.example")]
    [InlineData("x\r\n\r\nBcc: evil@lab.example")]
    [InlineData("x\0Bcc: evil@lab.example")]
    [InlineData("x\u0085Bcc: evil@lab.example")]
    [InlineData("x\u2028Bcc: evil@lab.example")]
    [InlineData("x\u007FBcc: evil@lab.example")]
    public void I_06_no_value_begins_a_field_of_its_own(string wicked)
    {
        EmailInput input = new() { To = ["a@lab.example"], Subject = "x", Text = "x" };
        AttachmentInput attachment = new() { Name = "x", Content = "x"u8.ToArray() };
        foreach (Func<EmailComposer.Composed> compose in (Func<EmailComposer.Composed>[])
        [
            () => EmailComposer.Compose(input, Sender with { Name = wicked }, 5120, null, Now),
            () => EmailComposer.Compose(input with { To = [$"\"{wicked}\" <a@lab.example>"] }, Sender, 5120, null, Now),
            () => EmailComposer.Compose(input with { Cc = [$"{wicked} <a@lab.example>"] }, Sender, 5120, null, Now),
            () => EmailComposer.Compose(input with { ReplyTo = $"{wicked} <a@lab.example>" }, Sender, 5120, null, Now),
            () => EmailComposer.Compose(input with { Subject = wicked }, Sender, 5120, null, Now),
            () => EmailComposer.Compose(input with { InReplyTo = $"<{wicked}@lab.example>" }, Sender, 5120, null, Now),
            () => EmailComposer.Compose(input with { InReplyTo = $"<a@lab.example>{wicked}" }, Sender, 5120, null, Now),
            () => EmailComposer.Compose(input with { Attachments = [attachment with { Name = wicked }] }, Sender, 5120, null, Now),
            () => EmailComposer.Compose(input with { Attachments = [attachment with { ContentType = $"text/plain; a={wicked}" }] }, Sender, 5120, null, Now),
            () => EmailComposer.Compose(input, Sender, 5120, wicked, Now),
        ])
        {
            try
            {
                string text = Encoding.ASCII.GetString(compose().Content);
                AssertIsWellFormed(text);
                Assert.DoesNotContain("\nBcc", text, StringComparison.OrdinalIgnoreCase);
                Assert.All(text, character => Assert.True(character is >= ' ' and < '\u007F' or '\r' or '\n' or '\t'));
            }
            catch (InvalidRequestException)
            {
                // Refused, and so in no message.
            }
        }
    }

    private static void AssertIsWellFormed(string text)
    {
        Assert.Equal(text.ReplaceLineEndings("\r\n"), text);
        string[] lines = text.Split("\r\n");
        Assert.All(lines, line => Assert.InRange(line.Length, 0, 998));
        string[] header = [.. lines.TakeWhile(line => line.Length > 0)];
        Assert.All(header, line => Assert.Matches(@"^([!-9;-~]+:|[ \t]+[^ \t])", line));
        string[] names = [.. header.Where(line => line[0] is not (' ' or '\t')).Select(line => line[..line.IndexOf(':')].ToUpperInvariant())];
        Assert.Equal(names.Distinct(), names);
        Assert.Superset(new HashSet<string>(["DATE", "FROM", "TO", "SUBJECT", "MESSAGE-ID"]), names.ToHashSet());
    }
}
