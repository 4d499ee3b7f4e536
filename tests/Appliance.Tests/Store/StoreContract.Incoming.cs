using System.Security.Cryptography;
using System.Text;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;

namespace EmailSync.Appliance.Tests.Store;

public abstract partial class StoreContract
{
    private const int Threshold = 128 * 1024;

    [Fact]
    public async Task A_received_email_shows_its_header_and_its_octets()
    {
        MailboxId mailbox = await Store.AddMailboxAsync("ada@example.com", Cancellation);
        byte[] message = Encoding.UTF8.GetBytes(
            "From: Bøb <bob@example.com>\r\nTo: a@example.com,\r\n b@example.com\r\nCc: c@example.com\r\nReply-To: r@example.com\r\n"
            + "Subject: =?utf-8?q?gr=C3=BC=C3=9Fe?=\r\nDate: Sun, 1 Mar 2026 12:00:00 +0000\r\nMessage-ID: <1@example.com>\r\n"
            + "In-Reply-To: <0@example.com>\r\nReferences: <-1@example.com> <0@example.com>\r\n\r\nbody\0\r\n");

        EmailId id = await Store.ReceiveAsync(mailbox, "uid-1", message, Cancellation);
        await ReopenAsync();

        Assert.Equal(
            new Email
            {
                Id = id,
                Mailbox = mailbox,
                Conversation = id,
                Direction = EmailDirection.Incoming,
                State = EmailState.Received,
                Headers = new()
                {
                    From = "Bøb <bob@example.com>",
                    To = "a@example.com, b@example.com",
                    Cc = "c@example.com",
                    ReplyTo = "r@example.com",
                    Subject = "=?utf-8?q?gr=C3=BC=C3=9Fe?=",
                    Date = "Sun, 1 Mar 2026 12:00:00 +0000",
                    MessageId = "<1@example.com>",
                    InReplyTo = "<0@example.com>",
                    References = "<-1@example.com> <0@example.com>",
                },
                Size = message.Length,
                Sha256 = Convert.ToHexStringLower(SHA256.HashData(message)),
                UniqueId = "uid-1",
                StoredAt = Start,
            },
            await Store.Emails.FindAsync(id, Cancellation));
        Assert.Equal(message, await Store.ReadContentAsync(id, Cancellation));
        Assert.True((await Store.Incoming.KnownUniqueIdsAsync(mailbox, Cancellation)).Contains("uid-1"u8));
        Assert.Equal(1, (await Store.Mailboxes.FindAsync(mailbox, Cancellation))!.State.MessagesReceived);
    }

    [Theory]
    [InlineData(0), InlineData(1), InlineData(Threshold - 1), InlineData(Threshold), InlineData(Threshold + 1), InlineData(5_000_000)]
    public async Task Content_of_any_size_comes_back_octet_for_octet(int size)
    {
        MailboxId mailbox = await Store.AddMailboxAsync("ada@example.com", Cancellation);
        byte[] message = new byte[size];
        new Random(size).NextBytes(message);
        EmailId id;
        await using (IncomingDraft draft = Store.Incoming.Begin(await Store.LeaseAsync(mailbox), "uid"u8))
        {
            for (int start = 0; start < size; start += 40_000)
                await draft.WriteAsync(message.AsMemory(start, Math.Min(40_000, size - start)), Cancellation);
            Assert.Equal(size, draft.Length);
            Assert.Equal(SHA256.HashData(message), draft.Sha256.ToArray());
            id = await draft.CommitAsync(EmailState.Received, Cancellation);
        }

        await ReopenAsync();

        Assert.Equal(message, await Store.ReadContentAsync(id, Cancellation));
        Email email = (await Store.Emails.FindAsync(id, Cancellation))!;
        Assert.Equal((size, Convert.ToHexStringLower(SHA256.HashData(message))), (email.Size, email.Sha256));
    }

    [Theory, InlineData(100), InlineData(Threshold + 100)]
    public async Task A_draft_that_is_not_committed_never_was(int size)
    {
        MailboxId mailbox = await Store.AddMailboxAsync("ada@example.com", Cancellation);
        await using (IncomingDraft draft = Store.Incoming.Begin(await Store.LeaseAsync(mailbox), "uid"u8))
            await draft.WriteAsync(new byte[size], Cancellation);

        Assert.Empty(await Store.Emails.ListAsync(new(), null, 10, Cancellation));
        Assert.Empty((await Store.Incoming.KnownUniqueIdsAsync(mailbox, Cancellation)).Hashes);
        Assert.Equal(0, (await Store.Mailboxes.FindAsync(mailbox, Cancellation))!.State.MessagesReceived);
    }

    [Theory, InlineData(100), InlineData(Threshold + 100)]
    public async Task A_unique_id_is_stored_once(int size)
    {
        MailboxId mailbox = await Store.AddMailboxAsync("ada@example.com", Cancellation);
        MailboxId other = await Store.AddMailboxAsync("bob@example.com", Cancellation);

        EmailId first = await Store.ReceiveAsync(mailbox, "uid", Samples.Message("one", size), Cancellation);
        EmailId again = await Store.ReceiveAsync(mailbox, "uid", Samples.Message("two", size), Cancellation);
        EmailId elsewhere = await Store.ReceiveAsync(other, "uid", Samples.Message("three", size), Cancellation);

        Assert.Equal(first, again);
        Assert.NotEqual(first, elsewhere);
        Assert.Equal(Samples.Message("one", size), await Store.ReadContentAsync(first, Cancellation));
        Assert.Equal(1, (await Store.Mailboxes.FindAsync(mailbox, Cancellation))!.State.MessagesReceived);
        Assert.Equal(2, await Store.Emails.CountAsync(new(), Cancellation));
    }

    [Fact]
    public async Task Without_a_unique_id_every_message_is_its_own()
    {
        MailboxId mailbox = await Store.AddMailboxAsync("ada@example.com", Cancellation);
        EmailId first = await Store.ReceiveAsync(mailbox, "", Samples.Message("same"), Cancellation);
        EmailId second = await Store.ReceiveAsync(mailbox, "", Samples.Message("same"), Cancellation);

        Assert.NotEqual(first, second);
        Assert.Null((await Store.Emails.FindAsync(first, Cancellation))!.UniqueId);
        Assert.Empty((await Store.Incoming.KnownUniqueIdsAsync(mailbox, Cancellation)).Hashes);
    }

    [Fact]
    public async Task A_message_too_large_to_fetch_keeps_its_headers()
    {
        MailboxId mailbox = await Store.AddMailboxAsync("ada@example.com", Cancellation);
        await using IncomingDraft draft = Store.Incoming.Begin(await Store.LeaseAsync(mailbox), "uid"u8);
        await draft.WriteAsync(Samples.Message("huge", 0), Cancellation);
        EmailId id = await draft.CommitAsync(EmailState.HeadersOnly, Cancellation);

        Email email = (await Store.Emails.FindAsync(id, Cancellation))!;
        Assert.Equal((EmailState.HeadersOnly, EmailDirection.Incoming, "huge"), (email.State, email.Direction, email.Headers.Subject));
    }

    [Fact]
    public async Task A_unique_id_of_any_octets_is_known_and_shown_escaped()
    {
        MailboxId mailbox = await Store.AddMailboxAsync("ada@example.com", Cancellation);
        byte[] uniqueId = [0x41, 0x00, 0x5C, 0xFF, 0x0A];
        await using IncomingDraft draft = Store.Incoming.Begin(await Store.LeaseAsync(mailbox), uniqueId);
        EmailId id = await draft.CommitAsync(EmailState.Received, Cancellation);

        Assert.Equal(@"A\x00\x5C\xFF\x0A", (await Store.Emails.FindAsync(id, Cancellation))!.UniqueId);
        Assert.True((await Store.Incoming.KnownUniqueIdsAsync(mailbox, Cancellation)).Contains(uniqueId));
    }

    [Theory, InlineData(100), InlineData(Threshold + 100)]
    public async Task A_message_for_a_mailbox_that_was_deleted_meanwhile_is_refused(int size)
    {
        MailboxId mailbox = await Store.AddMailboxAsync("ada@example.com", Cancellation);
        await using IncomingDraft draft = Store.Incoming.Begin(await Store.LeaseAsync(mailbox), "uid"u8);
        await draft.WriteAsync(new byte[size], Cancellation);
        await Store.Mailboxes.DeleteAsync(mailbox, Cancellation);

        await Assert.ThrowsAsync<NotStoredException>(async () => await draft.CommitAsync(EmailState.Received, Cancellation));
        Assert.Equal(0, await Store.Emails.CountAsync(new(), Cancellation));
    }

    [Fact]
    public async Task Unique_ids_are_added()
    {
        MailboxId mailbox = await Store.AddMailboxAsync("ada@example.com", Cancellation);
        MailboxId other = await Store.AddMailboxAsync("bob@example.com", Cancellation);
        UniqueIdHash[] many = [.. Enumerable.Range(0, 25_000).Select(number => UniqueIdHash.Of(BitConverter.GetBytes(number)))];

        await Store.Incoming.AddKnownUniqueIdsAsync(mailbox, many, Cancellation);
        await Store.Incoming.AddKnownUniqueIdsAsync(mailbox, many[..10], Cancellation);
        await Store.Incoming.AddKnownUniqueIdsAsync(other, many[..10], Cancellation);
        await ReopenAsync();

        Assert.Equal(many.Order(default(StoredOrder)), (await Store.Incoming.KnownUniqueIdsAsync(mailbox, Cancellation)).Hashes);
        Assert.Equal(many[..10].Order(default(StoredOrder)), (await Store.Incoming.KnownUniqueIdsAsync(other, Cancellation)).Hashes);
        await Assert.ThrowsAsync<NotStoredException>(
            async () => await Store.Incoming.AddKnownUniqueIdsAsync(new(999), many[..1], Cancellation));
    }

    [Fact]
    public async Task A_unique_id_that_was_known_without_an_email_gets_its_email()
    {
        MailboxId mailbox = await Store.AddMailboxAsync("ada@example.com", Cancellation);
        await Store.Incoming.AddKnownUniqueIdsAsync(mailbox, [UniqueIdHash.Of("uid"u8)], Cancellation);

        EmailId first = await Store.ReceiveAsync(mailbox, "uid", Samples.Message("one"), Cancellation);
        Assert.Equal(first, await Store.ReceiveAsync(mailbox, "uid", Samples.Message("two"), Cancellation));
        Assert.Equal(1, await Store.Emails.CountAsync(new(), Cancellation));
    }

    [Fact]
    public async Task Only_what_is_stored_in_whole_and_long_enough_may_go_from_the_server()
    {
        MailboxId mailbox = await Store.AddMailboxAsync("ada@example.com", Cancellation);
        MailboxId other = await Store.AddMailboxAsync("bob@example.com", Cancellation);
        await Store.Incoming.AddKnownUniqueIdsAsync(mailbox, [UniqueIdHash.Of("without an email"u8)], Cancellation);
        await Store.ReceiveAsync(mailbox, "early", Samples.Message("early"), Cancellation);
        await Store.ReceiveAsync(other, "elsewhere", Samples.Message("elsewhere"), Cancellation);
        await using (IncomingDraft draft = Store.Incoming.Begin(await Store.LeaseAsync(mailbox), "headers only"u8))
            await draft.CommitAsync(EmailState.HeadersOnly, Cancellation);
        Clock.Advance(TimeSpan.FromDays(1));
        await Store.ReceiveAsync(mailbox, "late", Samples.Message("late"), Cancellation);

        UniqueIdHash early = UniqueIdHash.Of("early"u8);
        UniqueIdHash late = UniqueIdHash.Of("late"u8);
        Assert.Equal([early], (await Store.Incoming.StoredUniqueIdsAsync(mailbox, Start, onlyAcknowledged: false, Cancellation)).Hashes);
        Assert.Empty((await Store.Incoming.StoredUniqueIdsAsync(mailbox, Start.AddTicks(-1), onlyAcknowledged: false, Cancellation)).Hashes);
        Assert.Equal(
            new[] { early, late }.Order(default(StoredOrder)), (await Store.Incoming.StoredUniqueIdsAsync(mailbox, Start.AddDays(1), onlyAcknowledged: false, Cancellation)).Hashes);
    }

    [Fact]
    public async Task A_rescan_forgets_what_was_skipped_and_what_is_here_with_its_headers_only()
    {
        MailboxId mailbox = await Store.AddMailboxAsync("ada@example.com", Cancellation);
        UniqueIdHash[] skipped = [.. Enumerable.Range(0, 2500).Select(number => UniqueIdHash.Of(Encoding.ASCII.GetBytes($"old-{number}")))];
        await Store.Incoming.SkipUniqueIdsAsync(await Store.LeaseAsync(mailbox), skipped, Cancellation);
        await Store.Incoming.AddKnownUniqueIdsAsync(mailbox, [UniqueIdHash.Of("taken over"u8)], Cancellation);
        await Store.ReceiveAsync(mailbox, "stored", Samples.Message("stored"), Cancellation);
        // Skipped once, and received since: it stays known.
        await Store.ReceiveAsync(mailbox, "old-0", Samples.Message("received after all"), Cancellation);
        await using (IncomingDraft draft = Store.Incoming.Begin(await Store.LeaseAsync(mailbox), "headers only"u8))
            await draft.CommitAsync(EmailState.HeadersOnly, Cancellation);
        Assert.Equal(2503, (await Store.Incoming.KnownUniqueIdsAsync(mailbox, Cancellation)).Hashes.Count);

        Assert.Equal(2500, await Store.Incoming.ForgetSkippedAsync(mailbox, Cancellation));

        Assert.Equal(
            new[] { "taken over", "stored", "old-0" }.Select(id => UniqueIdHash.Of(Encoding.ASCII.GetBytes(id))).Order(default(StoredOrder)),
            (await Store.Incoming.KnownUniqueIdsAsync(mailbox, Cancellation)).Hashes);
        Assert.Equal(0, await Store.Incoming.ForgetSkippedAsync(mailbox, Cancellation));
        await Assert.ThrowsAsync<NotStoredException>(async () => await Store.Incoming.SkipUniqueIdsAsync(await Store.LeaseAsync(new(999)), skipped[..1], Cancellation));
    }

    [Fact]
    public async Task A_new_unique_id_of_an_old_message_is_tied_to_its_email()
    {
        MailboxId mailbox = await Store.AddMailboxAsync("ada@example.com", Cancellation);
        MailboxId other = await Store.AddMailboxAsync("bob@example.com", Cancellation);
        EmailId email = await Store.ReceiveAsync(mailbox, "old", Samples.Message("one"), Cancellation);
        byte[] sha256 = SHA256.HashData(Samples.Message("one"));
        UniqueIdHash fresh = UniqueIdHash.Of("new"u8);

        Assert.Null(await Store.Incoming.TieUniqueIdAsync(await Store.LeaseAsync(mailbox), fresh, SHA256.HashData([]), Cancellation));
        Assert.Null(await Store.Incoming.TieUniqueIdAsync(await Store.LeaseAsync(other), fresh, sha256, Cancellation));
        Assert.Null(await Store.Incoming.TieUniqueIdAsync(await Store.LeaseAsync(new(999)), fresh, sha256, Cancellation));
        Assert.Equal(email, await Store.Incoming.TieUniqueIdAsync(await Store.LeaseAsync(mailbox), fresh, sha256, Cancellation));
        await ReopenAsync();

        Assert.Contains(fresh, (await Store.Incoming.StoredUniqueIdsAsync(mailbox, Start, onlyAcknowledged: false, Cancellation)).Hashes);
        Assert.Empty((await Store.Incoming.KnownUniqueIdsAsync(other, Cancellation)).Hashes);
        Assert.Equal(email, await Store.ReceiveAsync(mailbox, "new", Samples.Message("one"), Cancellation));
        Assert.Equal(1, await Store.Emails.CountAsync(new(), Cancellation));
    }

    [Theory, InlineData(100), InlineData(Threshold + 100)]
    public async Task Content_that_is_here_is_recognised_and_its_new_unique_id_tied_to_it(int size)
    {
        MailboxId mailbox = await Store.AddMailboxAsync("ada@example.com", Cancellation);
        EmailId first = await Store.ReceiveAsync(mailbox, "old", Samples.Message("one", size), Cancellation);

        Assert.Equal(new(first, IsNew: false), await RecogniseAsync(mailbox, "new"u8, Samples.Message("one", size)));
        Assert.Equal(new(first, IsNew: false), await RecogniseAsync(mailbox, [], Samples.Message("one", size)));
        Recognition other = await RecogniseAsync(mailbox, "other"u8, Samples.Message("two", size));
        await ReopenAsync();

        Assert.True(other.IsNew);
        Assert.Equal(new(other.Email, IsNew: false), await RecogniseAsync(mailbox, "other"u8, Samples.Message("three", size)));
        Assert.Equal(
            new[] { "old", "new", "other" }.Select(id => UniqueIdHash.Of(Encoding.ASCII.GetBytes(id))).Order(default(StoredOrder)),
            (await Store.Incoming.StoredUniqueIdsAsync(mailbox, Start, onlyAcknowledged: false, Cancellation)).Hashes);
        Assert.Equal(2, (await Store.Mailboxes.FindAsync(mailbox, Cancellation))!.State.MessagesReceived);
        Assert.Equal(Samples.Message("one", size), await Store.ReadContentAsync(first, Cancellation));
    }

    [Fact]
    public async Task Content_is_recognised_in_its_own_mailbox_only()
    {
        MailboxId mailbox = await Store.AddMailboxAsync("ada@example.com", Cancellation);
        MailboxId other = await Store.AddMailboxAsync("bob@example.com", Cancellation);
        await Store.ReceiveAsync(mailbox, "", Samples.Message("one"), Cancellation);
        await Store.SubmitAsync(new(other, "", ["c@example.com"]), Samples.Message("one"), Cancellation);

        Assert.True((await RecogniseAsync(other, [], Samples.Message("one"))).IsNew);
        Assert.False((await RecogniseAsync(mailbox, [], Samples.Message("one"))).IsNew);
        await Store.Mailboxes.DeleteAsync(mailbox, Cancellation);
        await Assert.ThrowsAsync<NotStoredException>(() => RecogniseAsync(mailbox, "uid"u8.ToArray(), Samples.Message("one")));
    }

    [Fact]
    public async Task A_fingerprint_is_known_and_not_shown()
    {
        MailboxId mailbox = await Store.AddMailboxAsync("ada@example.com", Cancellation);
        byte[] fingerprint = Fingerprint.Of(7, SHA256.HashData("header"u8));

        Recognition stored = await RecogniseAsync(mailbox, fingerprint, Samples.Message("one"));

        Assert.Null((await Store.Emails.FindAsync(stored.Email, Cancellation))!.UniqueId);
        Assert.True((await Store.Incoming.KnownUniqueIdsAsync(mailbox, Cancellation)).Contains(fingerprint));
    }

    [Fact]
    public async Task What_a_cycle_left_on_the_server_is_known_until_something_is_received()
    {
        MailboxId mailbox = await Store.AddMailboxAsync("ada@example.com", Cancellation);
        Assert.Null(await LeftAsync());
        await Store.Incoming.NoteLeftOnServerAsync(await Store.LeaseAsync(mailbox), 5, Start.AddDays(30), Cancellation);
        await Store.Mailboxes.RecordAsync(mailbox, state => state with { ConsecutiveEmptyPolls = 1 }, Cancellation);
        await ReopenAsync();
        Assert.Equal(5, await LeftAsync());
        Assert.Equal(Start.AddDays(30), (await Store.Incoming.KnownUniqueIdsAsync(mailbox, Cancellation)).InDoubtUntil);

        await Store.ReceiveAsync(mailbox, "uid", Samples.Message("one"), Cancellation);
        Assert.Null(await LeftAsync());

        await Store.Incoming.NoteLeftOnServerAsync(await Store.LeaseAsync(mailbox), 6, inDoubtUntil: null, Cancellation);
        await RecogniseAsync(mailbox, "new"u8, Samples.Message("one"));
        Assert.Null(await LeftAsync());
        Assert.Equal(Start.AddDays(30), (await Store.Incoming.KnownUniqueIdsAsync(mailbox, Cancellation)).InDoubtUntil);
        await Store.Incoming.NoteLeftOnServerAsync(await Store.LeaseAsync(new(999)), 6, inDoubtUntil: null, Cancellation);

        async Task<int?> LeftAsync() => (await Store.Incoming.KnownUniqueIdsAsync(mailbox, Cancellation)).LeftOnServer;
    }

    [Fact]
    public async Task Many_mailboxes_commit_at_once_and_the_feed_skips_nothing()
    {
        MailboxId[] mailboxes =
            [await Store.AddMailboxAsync("a@example.com", Cancellation), await Store.AddMailboxAsync("b@example.com", Cancellation)];
        List<EmailId> feed = [];
        Task commits = Parallel.ForAsync(0, 400, Cancellation, async (number, cancellationToken) =>
            await Store.ReceiveAsync(mailboxes[number % 2], $"uid-{number}", Samples.Message($"m{number}"), cancellationToken));
        do
        {
            foreach (Email email in await Store.Emails.ListAsync(new(), feed.Count == 0 ? null : feed[^1], 7, Cancellation))
                feed.Add(email.Id);
        }
        while (!commits.IsCompleted || feed.Count < await Store.Emails.CountAsync(new(), Cancellation));
        await commits;

        Assert.Equal(400, feed.Count);
        Assert.Equal(feed.Distinct().Order(Comparer<EmailId>.Create((one, two) => one.Value.CompareTo(two.Value))), feed);
    }

    [Fact]
    public async Task A_caller_who_gives_up_harms_nobody()
    {
        MailboxId mailbox = await Store.AddMailboxAsync("ada@example.com", Cancellation);
        HashSet<string> acknowledged = [];
        await Parallel.ForAsync(0, 300, Cancellation, async (number, cancellationToken) =>
        {
            using CancellationTokenSource givesUp = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            ValueTask<EmailId> commit;
            await using IncomingDraft draft = Store.Incoming.Begin(await Store.LeaseAsync(mailbox), Encoding.ASCII.GetBytes($"uid-{number}"));
            await draft.WriteAsync(Samples.Message($"m{number}", number % 10 == 0 ? Threshold : 100), cancellationToken);
            commit = draft.CommitAsync(EmailState.Received, givesUp.Token);
            if (number % 3 == 0)
                await givesUp.CancelAsync();
            try
            {
                await commit;
                lock (acknowledged)
                    acknowledged.Add($"m{number}");
            }
            catch (OperationCanceledException) when (givesUp.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
            {
            }
        });
        await ReopenAsync();

        IReadOnlyList<Email> stored = await Store.Emails.ListAsync(new(), null, 1000, Cancellation);
        Assert.Subset(stored.Select(email => email.Headers.Subject!).ToHashSet(), acknowledged);
        Assert.True(acknowledged.Count >= 200);
        Assert.Equal(stored.Count, (await Store.Mailboxes.FindAsync(mailbox, Cancellation))!.State.MessagesReceived);
        Assert.Equal(stored.Count, (await Store.Incoming.KnownUniqueIdsAsync(mailbox, Cancellation)).Hashes.Count);
        foreach (Email email in stored)
            Assert.Equal(email.Sha256, Convert.ToHexStringLower(SHA256.HashData(await Store.ReadContentAsync(email.Id, Cancellation))));
    }

    private Task<Recognition> RecogniseAsync(MailboxId mailbox, ReadOnlySpan<byte> uniqueId, byte[] message)
    {
        return CommitAsync(uniqueId.ToArray());

        async Task<Recognition> CommitAsync(byte[] id)
        {
            await using (IncomingDraft draft = Store.Incoming.Begin(await Store.LeaseAsync(mailbox), id))
            {
                await draft.WriteAsync(message, Cancellation);
                return await draft.CommitOrRecogniseAsync(Cancellation);
            }
        }
    }
}
