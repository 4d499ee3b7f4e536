using System.Text;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Processing;
using EmailSync.Lab;

namespace EmailSync.Appliance.Tests.Processing;

/// <summary>P-16: a server that answers TOP with the whole message, whatever is asked.</summary>
public sealed class WholeTopTests
{
    [Fact]
    public async Task P_16_of_a_message_over_the_limit_only_the_header_is_stored()
    {
        await using Rig rig = await Rig.StartAsync(new() { MessagesPerMailbox = 0, Script = [Misbehaviour.WholeTops()] });
        string header = "Subject: huge\r\nFrom: a@example.test\r\n\r\n";
        rig.Lab.Deliver(rig.Lab.Mailboxes[0].Address, Encoding.ASCII.GetBytes(header + new string('x', 200_000) + "\r\n"));
        EmailServerProfile profile = await rig.AddProfileAsync();
        Mailbox mailbox = await rig.AddMailboxAsync(profile, change: mailbox => mailbox with { MaximumMessageSize = 100_000 });

        ReceiveReport report = await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout);

        Assert.Equal((0, 1), (report.Stored, report.TooLarge));
        Email recorded = Assert.Single(await rig.EmailsAsync(mailbox));
        Assert.Equal((EmailState.HeadersOnly, header.Length), (recorded.State, recorded.Size));
    }

    [Fact]
    public async Task P_16_a_header_that_does_not_end_is_stored_up_to_the_limit()
    {
        await using Rig rig = await Rig.StartAsync(new() { MessagesPerMailbox = 0, Script = [Misbehaviour.WholeTops()] });
        string endless = string.Concat(Enumerable.Repeat("X-Endless: " + new string('x', 60) + "\r\n", 3_000));
        rig.Lab.Deliver(rig.Lab.Mailboxes[0].Address, Encoding.ASCII.GetBytes(endless));
        EmailServerProfile profile = await rig.AddProfileAsync();
        Mailbox mailbox = await rig.AddMailboxAsync(profile, change: mailbox => mailbox with { MaximumMessageSize = 100_000 });

        Assert.Equal(1, (await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout)).TooLarge);

        Email recorded = Assert.Single(await rig.EmailsAsync(mailbox));
        Assert.Equal((EmailState.HeadersOnly, 100_000), (recorded.State, recorded.Size));
    }

    [Fact]
    public async Task P_16_messages_are_known_again_by_their_headers_when_the_server_begins_to_keep_to_it()
    {
        await using Rig rig = await Rig.StartAsync(new() { MessagesPerMailbox = 5, Script = [Misbehaviour.UniqueIds(UniqueIdStyle.AllTheSame), Misbehaviour.WholeTops()] });
        EmailServerProfile profile = await rig.AddProfileAsync();
        Mailbox mailbox = await rig.AddMailboxAsync(profile);

        Assert.Equal(5, (await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout)).Stored);
        rig.Lab.Misbehave(Misbehaviour.UniqueIds(UniqueIdStyle.AllTheSame));
        Assert.Equal(0, (await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout)).Stored);

        Assert.Equal(5, rig.Lab.Journal.Count("RETR"));
    }

    [Theory]
    [InlineData("a: b\r\n\r\nbody\r\n", "a: b\r\n\r\n")]
    [InlineData("a: b\r\n\r\n\r\n\r\n", "a: b\r\n\r\n")]
    [InlineData("\r\nbody\r\n", "\r\n")]
    [InlineData("a: b\r\r\n\r\nbody", "a: b\r\r\n\r\n")]
    [InlineData("a: b\n\nc: d\r\n", "a: b\n\nc: d\r\n")]
    [InlineData("a: b\r\n", "a: b\r\n")]
    public void The_header_ends_with_the_first_empty_line_however_it_comes_in_pieces(string message, string header)
    {
        byte[] octets = Encoding.ASCII.GetBytes(message);
        for (int size = 1; size <= octets.Length; size++)
        {
            HeaderPart part = new();
            Assert.Equal(header, string.Concat(octets.Chunk(size).Select(piece => Encoding.ASCII.GetString(part.Of(piece).Span))));
        }
    }
}
