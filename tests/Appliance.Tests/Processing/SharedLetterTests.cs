using EmailSync.Appliance.Model;
using EmailSync.Appliance.Tests.Store;

namespace EmailSync.Appliance.Tests.Processing;

/// <summary>A letter to everybody, from the server to the disk.</summary>
public sealed class SharedLetterTests
{
    [Fact]
    public async Task A_letter_of_a_mebibyte_to_fifty_mailboxes_takes_about_one_on_the_disk()
    {
        const int Mailboxes = 50;
        await using Rig rig = await Rig.StartAsync(new() { Mailboxes = Mailboxes, MessagesPerMailbox = 0, RecordCommands = false });
        EmailServerProfile profile = await rig.AddProfileAsync();
        byte[] body = System.Text.Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, 16_384).Select(line => $"{line,62}\r\n")));
        Dictionary<MailboxId, byte[]> delivered = [];
        for (int number = 1; number <= Mailboxes; number++)
        {
            Mailbox mailbox = await rig.AddMailboxAsync(profile, number);
            delivered[mailbox.Id] = Letters.Copy(mailbox.EmailAddress, body);
            rig.Lab.Deliver(mailbox.EmailAddress, delivered[mailbox.Id]);
            await rig.Receive.RunAsync(mailbox, profile, Rig.Timeout);
        }

        IReadOnlyList<Email> emails = await rig.Store.Emails.ListAsync(new(), null, 1000, Rig.Timeout);
        Assert.Equal(Mailboxes, emails.Count);
        foreach (Email email in emails)
            Assert.True((await rig.ContentAsync(email.Id)).AsSpan().SequenceEqual(delivered[email.Mailbox]), $"{email.Id} is not as it was delivered.");
        Assert.Single(emails.Select(email => email.Conversation).Distinct());
        long onDisk = new DirectoryInfo(rig.Folder).EnumerateFiles("*", SearchOption.AllDirectories)
            .Where(file => !file.Name.EndsWith("-wal", StringComparison.Ordinal) && !file.Name.EndsWith("-shm", StringComparison.Ordinal)).Sum(file => file.Length);
        Assert.InRange(onDisk, body.Length, 2 * body.Length);
    }
}
