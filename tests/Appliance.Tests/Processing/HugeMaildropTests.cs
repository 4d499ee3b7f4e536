using System.Globalization;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Processing;
using EmailSync.Appliance.Store;
using EmailSync.Lab;
using EmailSync.Protocols.Pop3;

namespace EmailSync.Appliance.Tests.Processing;

/// <summary>What is counted in a whole process: nothing else runs meanwhile.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;

/// <summary>
/// Maildrops and messages that are huge, and lists that lie about it. Bounds are of what the whole process allocates, the lab server with it, which
/// is the same each time.
/// </summary>
[Collection(nameof(Alone))]
public sealed class HugeMaildropTests
{
    private const int Million = 1_000_000;
    private const long MiB = 1 << 20;

    [Fact]
    public async Task A_million_messages_are_listed_in_bounded_memory_whether_they_are_known_or_new()
    {
        await using Rig rig = await Rig.StartAsync(new() { MessagesPerMailbox = 0, MessageOctets = 200, RecordCommands = false });
        LabMailbox account = rig.Lab.Mailboxes[0];
        rig.Lab.DeliverGenerated(account.Address, Million);
        EmailServerProfile profile = await rig.AddProfileAsync();
        Mailbox mailbox = await rig.AddMailboxAsync(profile);

        (MaildropContents contents, long ofNew) = await AllocatedAsync(() => ListAsync(rig, account, mailbox));
        Assert.Equal((Million, Million), (contents.Listed, contents.New.Count));
        await rig.Store.Incoming.AddKnownUniqueIdsAsync(mailbox.Id, [.. account.UniqueIds.Select(id => UniqueIdHash.Of(Encoding.ASCII.GetBytes(id)))], Rig.Timeout);
        (ReceiveReport report, long ofKnown) = await AllocatedAsync(() => rig.Receive.RunAsync(mailbox, profile, Rig.Timeout));
        Assert.Equal((Million, 0, 0), (report.Listed, report.Stored, rig.Lab.Journal.Count("RETR")));

        // For each message: its hash and its number where it is known; its unique-id, its size and its places where it is new.
        TestContext.Current.TestOutputHelper!.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{ofNew / Million} octets for a new message, {ofKnown / Million} for a known one"));
        Assert.InRange(ofNew, 0, 640L * Million);
        Assert.InRange(ofKnown, 0, 160L * Million);
    }

    [Fact]
    public async Task A_message_of_150_megabytes_is_stored_octet_for_octet_and_never_stands_in_memory()
    {
        await using Rig rig = await Rig.StartAsync(new() { MessagesPerMailbox = 0 });
        byte[] message = Large(150_000_000);
        rig.Lab.Deliver(rig.Lab.Mailboxes[0].Address, message);
        string sha256 = Convert.ToHexStringLower(SHA256.HashData(message));
        EmailServerProfile profile = await rig.AddProfileAsync();
        Mailbox mailbox = await rig.AddMailboxAsync(profile);

        (ReceiveReport report, long allocated) = await AllocatedAsync(() => rig.Receive.RunAsync(mailbox, profile, Rig.Timeout));

        Assert.Equal((1, 0, (long)message.Length), (report.Stored, report.TooLarge, report.Octets));
        Assert.Equal(sha256, Assert.Single(await rig.EmailsAsync(mailbox)).Sha256);
        Assert.InRange(allocated, 0, 24 * MiB);
    }

    [Theory]
    // Over the mailbox's limit, whether the list owns up to it or not.
    [InlineData(40_000_000, 0, EmailState.HeadersOnly)]
    [InlineData(40_000_000, -39_000_000, EmailState.HeadersOnly)]
    [InlineData(40_000_000, -40_000_000, EmailState.HeadersOnly)]
    // Within it.
    [InlineData(1_000_000, -1_000_000, EmailState.Received)]
    [InlineData(1_000_000, -999_999, EmailState.Received)]
    [InlineData(1_000_000, 500_000, EmailState.Received)]
    // Said to be over it: a person may have it fetched.
    [InlineData(1_000_000, 20_000_000, EmailState.HeadersOnly)]
    [InlineData(1_000_000, 9_000_000_000_000_000_000, EmailState.HeadersOnly)]
    public async Task A_list_that_lies_about_sizes_costs_no_memory_and_no_other_message(int octets, long error, EmailState state)
    {
        await using Rig rig = await Rig.StartAsync(new() { MessagesPerMailbox = 0, Script = [Misbehaviour.WrongSizes(error)] });
        string address = rig.Lab.Mailboxes[0].Address;
        rig.Lab.Deliver(address, Large(octets, number: 1));
        rig.Lab.Deliver(address, Large(octets, number: 2));
        EmailServerProfile profile = await rig.AddProfileAsync();
        Mailbox mailbox = await rig.AddMailboxAsync(profile, change: mailbox => mailbox with { MaximumMessageSize = 4_000_000, DeleteEmailsAfterProcessing = true });

        (_, long allocated) = await AllocatedAsync(() => rig.Receive.RunAsync(mailbox, profile, Rig.Timeout));

        IReadOnlyList<Email> emails = await rig.EmailsAsync(mailbox);
        Assert.Equal([state, state], emails.Select(email => email.State));
        Assert.All(emails, email => Assert.Equal("large", email.Headers.Subject));
        if (state == EmailState.Received)
            Assert.All(emails, email => Assert.Equal(octets, email.Size));
        // What is not here in whole stays where it is.
        Assert.Equal(state == EmailState.Received ? 0 : 2, rig.Lab.Mailboxes[0].MessageCount);
        Assert.InRange(allocated, 0, 24 * MiB);
    }

    private static byte[] Large(int octets, int number = 1)
    {
        byte[] message = new byte[octets];
        message.AsSpan().Fill((byte)'x');
        for (int end = 998; end < octets; end += 1000)
            "\r\n"u8.CopyTo(message.AsSpan(end));
        Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"Subject: large\r\nMessage-ID: <{number}@example.com>\r\n\r\n")).CopyTo(message, 0);
        "\r\n"u8.CopyTo(message.AsSpan(octets - 2));
        return message;
    }

    private static async Task<MaildropContents> ListAsync(Rig rig, LabMailbox account, Mailbox mailbox)
    {
        using TcpClient client = new("localhost", rig.Lab.PortOf(LabService.Pop3));
        await using Pop3Session session = await Pop3Session.OpenAsync(client.GetStream(), new() { AllowCleartextPasswords = true }, Rig.Timeout);
        await using Maildrop maildrop = await session.LogInAsync(account.Address, new(account.Password), cancellationToken: Rig.Timeout);
        KnownUniqueIds known = await rig.Store.Incoming.KnownUniqueIdsAsync(mailbox.Id, Rig.Timeout);
        using Quarantine quarantine = new(rig.Store, rig.Alerts(rig.Store), rig.Clock);
        MaildropContents contents = await MaildropContents.ListAsync(maildrop, mailbox, known, quarantine, Rig.Timeout);
        await maildrop.QuitAsync(Rig.Timeout);
        return contents;
    }

    private static async Task<(T Result, long Octets)> AllocatedAsync<T>(Func<Task<T>> work)
    {
        long before = GC.GetTotalAllocatedBytes(precise: true);
        T result = await work();
        return (result, GC.GetTotalAllocatedBytes(precise: true) - before);
    }
}
