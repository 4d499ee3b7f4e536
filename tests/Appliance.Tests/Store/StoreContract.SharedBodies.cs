using System.Security.Cryptography;
using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Tests.Store;

/// <summary>Copies of one letter are receipts of their own, wherever their octets lie.</summary>
public abstract partial class StoreContract
{
    private const int Inline = 20_000;
    private const int Spooled = 300_000;

    [Theory]
    [InlineData(0, 100, 100), InlineData(4_000, 100, 100), InlineData(Inline, 100, 200), InlineData(Inline, 65_000, 66_000), InlineData(Spooled, 100, 5_000)]
    // Around the threshold one copy fits into the database and the other does not.
    [InlineData(130_000, 500, 5_000), InlineData(130_000, 5_000, 500)]
    public async Task Each_copy_of_a_letter_comes_back_exactly_as_it_was_received(int bodyLength, int firstHeader, int otherHeaders)
    {
        byte[] body = Letters.Body(bodyLength);
        List<(EmailId Id, byte[] Copy)> copies = [];
        for (int number = 0; number < 4; number++)
        {
            MailboxId mailbox = await Store.AddMailboxAsync($"{number}@example.com", Cancellation);
            byte[] copy = Letters.Copy($"{number}@example.com", body, headerLength: number == 0 ? firstHeader : otherHeaders);
            copies.Add((await Store.ReceiveAsync(mailbox, "uid", copy, Cancellation), copy));
        }

        await ReopenAsync();

        Assert.Equal(4, copies.Select(copy => copy.Id).Distinct().Count());
        await AssertAsReceivedAsync(copies);
    }

    public static TheoryData<int, int[]> EveryOrder => new(
        from length in new[] { Inline, Spooled }
        from order in new int[][] { [0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0] }
        select (length, order));

    [Theory, MemberData(nameof(EveryOrder))]
    public async Task Copies_go_in_any_order_and_the_others_stay_whole(int bodyLength, int[] order)
    {
        byte[] body = Letters.Body(bodyLength);
        List<(EmailId Id, byte[] Copy)> copies = [];
        for (int number = 0; number < 3; number++)
            copies.Add(await ReceiveCopyAsync($"{number}@example.com", body));
        (EmailId Id, byte[] Copy)[] inOrder = [.. order.Select(number => copies[number])];

        for (int deleted = 0; deleted < 3; deleted++)
        {
            await DeleteAsync(inOrder[deleted].Id);
            await ReopenAsync();
            await AssertAsReceivedAsync(inOrder[(deleted + 1)..]);
            Assert.Equal(2 - deleted, await Store.Emails.CountAsync(new(), Cancellation));
        }

        await AssertAsReceivedAsync([await ReceiveCopyAsync("again@example.com", body)]);
    }

    [Theory, InlineData(Inline), InlineData(Spooled)]
    public async Task Another_body_under_the_same_message_id_is_another_and_one_mailbox_may_have_a_letter_twice(int bodyLength)
    {
        MailboxId mailbox = await Store.AddMailboxAsync("ada@example.com", Cancellation);
        List<(EmailId Id, byte[] Copy)> copies = [];
        for (int number = 0; number < 6; number++)
        {
            byte[] copy = Letters.Copy($"{number}", Letters.Body(bodyLength, seed: number % 2));
            copies.Add((await Store.ReceiveAsync(mailbox, $"{number}", copy, Cancellation), copy));
        }

        await AssertAsReceivedAsync(copies);
    }

    [Theory, InlineData(Inline), InlineData(Spooled)]
    public async Task A_letter_that_was_sent_from_here_is_received_here_and_sent_as_it_was_submitted(int bodyLength)
    {
        byte[] body = Letters.Body(bodyLength);
        MailboxId sender = await Store.AddMailboxAsync("ada@example.com", Cancellation);
        byte[] submitted = Letters.Copy("nobody", body);
        EmailId sent = await Store.SubmitAsync(new(sender, "ada@example.com", ["bob@example.com"]), submitted, Cancellation);

        (EmailId Id, byte[] Copy) received = await ReceiveCopyAsync("bob@example.com", body);
        Email claimed = (await Store.Outgoing.ClaimAsync(await Store.LeaseOutboxAsync(sender), Clock.GetUtcNow(), Cancellation))!;

        Assert.Equal(sent, claimed.Id);
        await AssertAsReceivedAsync([(sent, submitted), received]);
    }

    /// <summary>A copy in a mailbox of its own, in which it stays until it is acknowledged.</summary>
    private async Task<(EmailId Id, byte[] Copy)> ReceiveCopyAsync(string recipient, byte[] body)
    {
        MailboxId mailbox = await Store.AddMailboxAsync(recipient, Cancellation);
        Mailbox read = (await Store.Mailboxes.FindAsync(mailbox, Cancellation))!;
        await Store.Mailboxes.UpdateAsync(read with { DeleteEmailsAfterProcessing = true, DeleteOnlyAcknowledged = true }, Cancellation);
        byte[] copy = Letters.Copy(recipient, body);
        return (await Store.ReceiveAsync(mailbox, "uid", copy, Cancellation), copy);
    }

    private async Task DeleteAsync(EmailId acknowledged)
    {
        await Store.Emails.AcknowledgeAsync([acknowledged], Start, Cancellation);
        Assert.Equal(1, await Store.Emails.DeleteOldAsync(DateTimeOffset.MaxValue, Cancellation));
    }

    private async Task AssertAsReceivedAsync(IEnumerable<(EmailId Id, byte[] Copy)> copies)
    {
        foreach ((EmailId id, byte[] copy) in copies)
        {
            Email email = (await Store.Emails.FindAsync(id, Cancellation))!;
            Assert.Equal((copy.Length, Convert.ToHexStringLower(SHA256.HashData(copy))), (email.Size, email.Sha256));
            Assert.True((await Store.ReadContentAsync(id, Cancellation)).AsSpan().SequenceEqual(copy), $"{id} is not as it was received.");
        }
    }
}
