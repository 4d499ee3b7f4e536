using System.Globalization;
using System.Text;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Tests.Processing;

namespace EmailSync.Appliance.Tests.Faults;

/// <summary>What was delivered to one mailbox of the lab, and what must be true of it at every moment.</summary>
internal sealed class Maildrops(Rig rig, Mailbox mailbox)
{
    private readonly HashSet<string> _delivered = [];
    private readonly HashSet<string> _stored = [];
    private EmailId? _last;

    public void Deliver(int count)
    {
        for (; count > 0; count--)
        {
            string id = string.Create(CultureInfo.InvariantCulture, $"<{_delivered.Count}@faults.example>");
            rig.Lab.Deliver(mailbox.EmailAddress, Encoding.ASCII.GetBytes($"Message-ID: {id}\r\n\r\n.dot\r\n"));
            _delivered.Add(id);
        }
    }

    /// <summary>Nothing is stored twice, and whatever is gone from the server is stored.</summary>
    public async Task AssertNothingIsLostAsync(string when)
    {
        foreach (Email email in await rig.Store.Emails.ListAsync(new() { Mailbox = mailbox.Id, Direction = EmailDirection.Incoming }, _last, 1000, Rig.Timeout))
        {
            Assert.True(_stored.Add(email.Headers.MessageId!), $"{email.Headers.MessageId} is stored twice, {when}.");
            _last = email.Id;
        }

        int onServer = rig.Lab.Mailboxes.Single(account => account.Address == mailbox.EmailAddress).MessageCount;
        Assert.True(onServer + _stored.Count >= _delivered.Count, $"{_delivered.Count} were delivered, {_stored.Count} are stored and {onServer} on the server, {when}.");
    }

    /// <summary>Everything is stored, once.</summary>
    public async Task AssertEverythingIsStoredAsync(string when)
    {
        await AssertNothingIsLostAsync(when);
        Assert.True(_stored.SetEquals(_delivered), $"{_delivered.Except(_stored).Count()} are missing, {when}.");
    }
}
