using System.Globalization;
using System.Text;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;
using EmailSync.Lab;
using EmailSync.RealServers.Tests.Servers;

namespace EmailSync.RealServers.Tests.Running;

/// <summary>
/// The power goes, again and again, while mail is sent: at the end every email has left at least once, and what left twice is the
/// same email with the same Message-ID (RFC 5321 4.5.3.2.6, RFC 1047).
/// </summary>
public sealed class KilledWhileSending
{
    private const int Mailboxes = 4;
    private const int EmailsEach = 150;

    private static readonly Moment[] Moments =
    [
        Moment.Struck(random => Misbehaviour.Hang(Misbehaviour.FinalDot) with { Skip = random.Next(10) }),
        Moment.Struck(random => Misbehaviour.HangAfter(Misbehaviour.FinalDot) with { Skip = random.Next(10) }),
        Moment.Struck(random => Misbehaviour.HangAfter(Misbehaviour.FinalDot) with { Skip = random.Next(10) }),
        Moment.Seen("MAIL", 20),
        Moment.Seen("* accepted", 20),
        Moment.Written(40),
    ];

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("BDAT")]
    [InlineData("DATA")]
    public async Task Every_email_leaves_at_least_once_and_none_is_lost(string verb)
    {
        Random random = new(Seed.Choose());
        LabOptions options = new() { Mailboxes = Mailboxes, MessagesPerMailbox = 0, RequireAuthentication = true, RecordCommands = false };
        if (verb == "DATA")
            options = options with { SmtpExtensions = [.. options.SmtpExtensions.Where(extension => extension != "CHUNKING")] };
        await using LabServer lab = await LabServer.StartAsync(options, Cancelled);
        using ApplianceFolder folder = new();
        Dictionary<string, byte[]> emails = await PrepareAsync(folder, lab);

        Moment[] moments = [.. Moments, Moment.Seen(verb, 20)];
        foreach (Moment next in moments.OrderBy(_ => random.Next()))
        {
            using CancellationTokenSource patience = Patience.Begin();
            Task moment = next.WaitAsync(lab, folder, random, patience.Token);
            await using ApplianceProcess appliance = folder.Start([lab.PortOf(LabService.Smtps)]);
            await appliance.RunUntilAsync(moment);
            await appliance.KillAsync();
            lab.Misbehave();
            await lab.Journal.WhenAsync(journal => journal.ConnectionsOpen == 0, patience.Token);
            TestContext.Current.TestOutputHelper!.WriteLine($"Killed at {next}; {lab.Outbox.Count} emails have left.");
        }

        Assert.NotInRange(Delivered(lab).Count, emails.Count, int.MaxValue);
        await using ApplianceProcess last = folder.Start([lab.PortOf(LabService.Smtps)]);
        using CancellationTokenSource end = Patience.Begin();
        await last.RunUntilAsync(lab.Journal.WhenAsync(
            journal => journal.MessagesAccepted >= emails.Count && Delivered(lab).Count == emails.Count, end.Token));
        await last.StopAsync();

        Dictionary<string, List<byte[]>> delivered = Delivered(lab);
        Assert.Equal(emails.Keys.Order(StringComparer.Ordinal), delivered.Keys.Order(StringComparer.Ordinal));
        Assert.All(emails, email => Assert.All(delivered[email.Key], copy => Assert.Equal(email.Value, copy)));
        // Each mailbox had one email under way at most when the process was killed.
        Assert.InRange(lab.Outbox.Count - emails.Count, 1, moments.Length * Mailboxes);
        // Every email has left; what was in doubt may wait to leave once more, and nothing else has become of any.
        await using IStore store = await folder.OpenStoreAsync();
        long sent = await store.Emails.CountAsync(new() { State = EmailState.Sent }, Cancelled);
        long waiting = await store.Emails.CountAsync(new() { State = EmailState.PendingSend }, Cancelled);
        Assert.Equal(emails.Count, sent + waiting);
        Assert.InRange(waiting, 0, moments.Length * Mailboxes);
        Assert.Empty(lab.Journal.Violations);
        Assert.Equal(0, lab.Journal.Count(verb == "DATA" ? "BDAT" : "DATA"));
    }

    /// <summary>Enqueues the emails; returns them by Message-ID.</summary>
    private static async Task<Dictionary<string, byte[]>> PrepareAsync(ApplianceFolder folder, LabServer lab)
    {
        await using IStore store = await folder.OpenStoreAsync();
        EmailServerProfile profile = await store.Profiles.CreateAsync(
            new()
            {
                Name = "lab",
                Outgoing = new() { Location = ApplianceFolder.At(lab, LabService.Smtps) },
                TrustedCertificates = lab.Authority.RootPem,
            },
            Cancelled);
        Dictionary<string, byte[]> emails = new(StringComparer.Ordinal);
        List<Task> enqueued = [];
        foreach (LabMailbox account in lab.Mailboxes)
        {
            Mailbox mailbox = await ApplianceFolder.AddMailboxAsync(store, profile, account.Address, account.Password,
                mailbox => mailbox with { IncomingEmail = DeliveryMethod.None, State = new() { EnabledForOutgoing = true } });
            for (int number = 1; number <= EmailsEach; number++)
            {
                string messageId = string.Create(CultureInfo.InvariantCulture, $"<{mailbox.Id}.{number}@lab.example>");
                // Now and then one that is too long to be looked at in one piece, and lies in the spool.
                int octets = number % 10 == 0 ? 200_000 : number * 20;
                byte[] content = Encoding.ASCII.GetBytes(
                    $"From: <{account.Address}>\r\nTo: <someone@elsewhere.example>\r\nMessage-ID: {messageId}\r\n\r\n"
                    + string.Concat(Enumerable.Repeat(".123456789\r\n", octets / 12)));
                emails.Add(messageId, content);
                enqueued.Add(store.Outgoing.EnqueueAsync(
                    new(mailbox.Id, account.Address, ["someone@elsewhere.example"]), new MemoryStream(content), Cancelled).AsTask());
            }
        }

        await Task.WhenAll(enqueued);
        return emails;
    }

    private static Dictionary<string, List<byte[]>> Delivered(LabServer lab) => lab.Outbox
        .Select(message => message.Content.ToArray())
        .GroupBy(MessageIdOf, StringComparer.Ordinal)
        .ToDictionary(copies => copies.Key, copies => copies.ToList(), StringComparer.Ordinal);

    private static string MessageIdOf(byte[] message)
    {
        string header = Encoding.ASCII.GetString(message, 0, Math.Min(message.Length, 1000));
        int start = header.IndexOf("Message-ID: ", StringComparison.Ordinal) + "Message-ID: ".Length;
        return header[start..header.IndexOf("\r\n", start, StringComparison.Ordinal)];
    }
}
