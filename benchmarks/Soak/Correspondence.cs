using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store.Sqlite;
using EmailSync.Lab;

namespace EmailSync.Soak;

/// <summary>Mail that comes and mail that goes, among servers that misbehave, and the reckoning at the end.</summary>
internal sealed class Correspondence(LabServer lab, SoakedAppliance appliance, double rate)
{
    private static readonly TimeSpan ScriptEvery = TimeSpan.FromMinutes(1);

    // Each for a minute, with a minute of good behaviour between.
    private static readonly Misbehaviour[][] Scripts =
    [
        [Misbehaviour.Disconnect("RETR") with { Skip = 2, Times = 20 }],
        [Misbehaviour.Reset("QUIT") with { Times = 50 }],
        [Misbehaviour.RefuseSignIn("-ERR [SYS/TEMP] try again later") with { Service = LabService.Pop3s, Times = 20 }],
        [Misbehaviour.Disconnect("UIDL") with { Times = 20 }],
        [Misbehaviour.ServiceNotAvailable("MAIL") with { Times = 20 }],
        [Misbehaviour.CutContent(Outcome.Disconnect, afterOctets: 100) with { Times = 20 }],
    ];

    private readonly Random _random = new(1);
    private readonly HashSet<string> _expected = [];

    /// <summary>Messages that are to be found in the store.</summary>
    public int Count => Volatile.Read(ref _count);

    private int _count;

    /// <summary>Delivers and submits for a while.</summary>
    public async Task RunAsync(TimeSpan time, CancellationToken cancellationToken)
    {
        DateTimeOffset end = DateTimeOffset.UtcNow + time;
        DateTimeOffset nextScript = DateTimeOffset.UtcNow + ScriptEvery;
        int script = 0;
        using PeriodicTimer timer = new(TimeSpan.FromSeconds(1 / rate));
        while (DateTimeOffset.UtcNow < end && await timer.WaitForNextTickAsync(cancellationToken))
        {
            if (DateTimeOffset.UtcNow >= nextScript)
            {
                lab.Misbehave(script % 2 == 0 ? Scripts[script / 2 % Scripts.Length] : []);
                script++;
                nextScript += ScriptEvery;
            }

            await SendOneAsync(cancellationToken);
        }

        lab.Misbehave();
    }

    /// <summary>Compares what the store has with what was delivered and submitted.</summary>
    public async Task<string> CompareAsync(CancellationToken cancellationToken)
    {
        await using SqliteStore store = await SqliteStore.OpenAsync(new() { DataFolder = appliance.DataFolder }, TimeProvider.System, cancellationToken: cancellationToken);
        HashSet<string> missing = [.. _expected];
        int twice = 0, unknown = 0;
        EmailId? after = null;
        HashSet<string> seen = [];
        while (await store.Emails.ListAsync(new() { Direction = EmailDirection.Incoming }, after, 1000, cancellationToken) is { Count: > 0 } page)
        {
            foreach (string id in page.Select(email => email.Headers.MessageId ?? ""))
            {
                missing.Remove(id);
                if (!seen.Add(id))
                    twice++;
                else if (!_expected.Contains(id))
                    unknown++;
            }

            after = page[^1].Id;
        }

        return missing.Count + twice + unknown == 0
            ? $"Every one of {_expected.Count} messages is stored once."
            : $"Of {_expected.Count} messages {missing.Count} are missing, {twice} are stored twice, and {unknown} more are there.";
    }

    // Four come from outside, and each fifth is sent from one mailbox to another and so comes back.
    private async Task SendOneAsync(CancellationToken cancellationToken)
    {
        string id = string.Create(CultureInfo.InvariantCulture, $"<soak-{_expected.Count}@lab.example>");
        string to = lab.Mailboxes[_random.Next(lab.Mailboxes.Count)].Address;
        string from = lab.Mailboxes[_random.Next(lab.Mailboxes.Count)].Address;
        int length = _random.Next(100) == 0 ? 300_000 : _random.Next(500, 20_000);
        byte[] message = Encoding.ASCII.GetBytes(
            $"From: {from}\r\nTo: {to}\r\nSubject: soak\r\nMessage-ID: {id}\r\n\r\n{Body(length)}");
        _expected.Add(id);
        Volatile.Write(ref _count, _expected.Count);
        if (_expected.Count % 5 != 0)
        {
            lab.Deliver(to, message);
            return;
        }

        using ByteArrayContent content = new(message);
        content.Headers.ContentType = new MediaTypeHeaderValue("message/rfc822");
        using System.Net.Http.HttpResponseMessage answer = await appliance.Api.PostAsync(
            $"emails/raw?mailbox={Uri.EscapeDataString(from)}&to={Uri.EscapeDataString(to)}", content, cancellationToken);
        answer.EnsureSuccessStatusCode();
    }

    private static string Body(int length) =>
        string.Concat(Enumerable.Repeat("The quick brown fox jumps over the lazy dog, and so on to the end of the line.\r\n", length / 80 + 1));
}
