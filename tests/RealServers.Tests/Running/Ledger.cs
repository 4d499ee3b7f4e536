using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;
using EmailSync.Lab;

namespace EmailSync.RealServers.Tests.Running;

/// <summary>Every message that was ever put into a lab's maildrops: what an appliance that polls them must come to hold, once each.</summary>
internal sealed class Ledger(LabServer lab, IReadOnlyList<(Mailbox Mailbox, LabMailbox Account)> mailboxes, Random random)
{
    private const int Spooled = 200_000;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Dictionary<string, string>> _delivered = mailboxes.ToDictionary(
        entry => entry.Account.Address, _ => new Dictionary<string, string>(StringComparer.Ordinal), StringComparer.Ordinal);
    private int _messages;

    /// <summary>Puts a new message, like no other, into a maildrop: a small one, or now and then one that is too large for a database row.</summary>
    public void Deliver(LabMailbox account)
    {
        lock (_lock)
        {
            int number = ++_messages;
            int octets = random.Next(12) == 0 ? Spooled : random.Next(200, 6000);
            byte[] content = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture,
                $"From: <a@sender.example>\r\nSubject: message {number}\r\n\r\n.{new string('x', octets)}\r\n"));
            _delivered[account.Address].Add(lab.Deliver(account.Address, content), Convert.ToHexStringLower(SHA256.HashData(content)));
        }
    }

    /// <summary>How many there were so far.</summary>
    public int Delivered
    {
        get { lock (_lock) return _messages; }
    }

    /// <summary>Puts new messages into maildrops of chance.</summary>
    public void DeliverSome(int count)
    {
        for (; count > 0; count--)
            Deliver(mailboxes[random.Next(mailboxes.Count)].Account);
    }

    /// <summary>Mail arrives with every sign-in, until the moment comes.</summary>
    public async Task DeliverUntilAsync(Task moment, CancellationToken cancellationToken)
    {
        long signIns = lab.Journal.SignIns;
        while (!moment.IsCompleted)
        {
            await Task.WhenAny(moment, lab.Journal.WhenAsync(journal => journal.SignIns > signIns, cancellationToken));
            for (; signIns < lab.Journal.SignIns; signIns++)
                DeliverSome(1);
        }
    }

    /// <summary>Nothing is lost: what is not stored is still on the server. And nothing is stored twice, or was never sent.</summary>
    public async Task<int> AssertNothingIsLostAsync(IStore store)
    {
        int total = 0;
        foreach ((Mailbox mailbox, LabMailbox account) in mailboxes)
        {
            HashSet<string> onServer = [.. account.UniqueIds];
            string[] stored = await StoredAsync(store, mailbox);
            Assert.Equal(stored.Distinct(), stored);
            lock (_lock)
            {
                Dictionary<string, string> delivered = _delivered[account.Address];
                Assert.Empty(stored.Except(delivered.Values));
                Assert.Empty(delivered.Where(message => !onServer.Contains(message.Key)).Select(message => message.Value).Except(stored));
            }

            total += stored.Length;
        }

        return total;
    }

    /// <summary>What is not stored, by its unique-id.</summary>
    public async Task<IReadOnlyList<(Mailbox Mailbox, string UniqueId)>> MissingAsync(IStore store)
    {
        List<(Mailbox, string)> missing = [];
        foreach ((Mailbox mailbox, LabMailbox account) in mailboxes)
        {
            HashSet<string> stored = [.. await StoredAsync(store, mailbox)];
            lock (_lock)
                missing.AddRange(_delivered[account.Address].Where(message => !stored.Contains(message.Value)).Select(message => (mailbox, message.Key)));
        }

        return missing;
    }

    /// <summary>Everything is stored, exactly once.</summary>
    public async Task AssertEverythingIsStoredAsync(IStore store)
    {
        foreach ((Mailbox mailbox, LabMailbox account) in mailboxes)
        {
            string[] stored = await StoredAsync(store, mailbox);
            lock (_lock)
                Assert.Equal(_delivered[account.Address].Values.Order(StringComparer.Ordinal), stored.Order(StringComparer.Ordinal));
        }
    }

    // The digest is made anew from the content that is stored, not taken from the row that says what it was.
    private static async Task<string[]> StoredAsync(IStore store, Mailbox mailbox)
    {
        List<string> digests = [];
        EmailId? last = null;
        while (true)
        {
            IReadOnlyList<Email> page = await store.Emails.ListAsync(new() { Mailbox = mailbox.Id }, last, 500, TestContext.Current.CancellationToken);
            foreach (Email email in page)
            {
                await using Stream content = await store.Emails.OpenContentAsync(email.Id, TestContext.Current.CancellationToken);
                digests.Add(Convert.ToHexStringLower(await SHA256.HashDataAsync(content, TestContext.Current.CancellationToken)));
            }

            if (page.Count < 500)
                return [.. digests];
            last = page[^1].Id;
        }
    }
}
