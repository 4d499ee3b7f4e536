using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;
using EmailSync.Lab;
using EmailSync.RealServers.Tests.Servers;

namespace EmailSync.RealServers.Tests.Running;

/// <summary>
/// Nothing waits for a next tick: an email is on the wire as soon as it is accepted, and mail is fetched as soon as the process stands. The bounds
/// here are for machines that are busy; what is printed is for docs/reliability.md.
/// </summary>
public sealed class Promptness
{
    private const int Mailboxes = 40;
    private const int Emails = 200;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_email_is_on_the_wire_as_soon_as_it_is_accepted()
    {
        await using LabServer lab = await LabServer.StartAsync(new() { Mailboxes = Mailboxes, MessagesPerMailbox = 0, RequireAuthentication = true, RecordCommands = false }, Cancelled);
        using ApplianceFolder folder = new();
        await PrepareAsync(folder, lab, receives: false);
        await using ApplianceProcess appliance = folder.Start([lab.PortOf(LabService.Smtps)]);
        await appliance.WhenPrintedAsync("Application started");
        using HttpClient client = folder.Client();
        // The first of all requests and sessions has the compiler to wait for.
        await SubmitAsync(client, lab, lab.Mailboxes[0]);

        List<Times> withSession = [];
        for (int count = 0; count < Emails; count++)
            withSession.Add(await SubmitAsync(client, lab, lab.Mailboxes[0]));
        List<Times> signingIn = [];
        foreach (LabMailbox account in lab.Mailboxes.Skip(1))
            signingIn.Add(await SubmitAsync(client, lab, account));
        await appliance.StopAsync();

        TimeSpan median = Tell("a session is open", withSession);
        TimeSpan medianSigningIn = Tell("a session must be opened first: TCP, TLS, sign-in", signingIn);
        Assert.InRange(median, TimeSpan.MinValue, TimeSpan.FromMilliseconds(500));
        Assert.InRange(medianSigningIn, TimeSpan.MinValue, TimeSpan.FromSeconds(2));
    }

    [Fact]
    public async Task The_first_poll_begins_as_soon_as_the_process_stands()
    {
        await using LabServer lab = await LabServer.StartAsync(new() { Mailboxes = Mailboxes, MessagesPerMailbox = 1 }, Cancelled);
        using ApplianceFolder folder = new();
        await PrepareAsync(folder, lab, receives: true);
        using CancellationTokenSource patience = Patience.Begin();
        Task<long> connected = WhenAsync(lab, journal => journal.ConnectionsOpened > 0, patience.Token);
        Task<long> stored = WhenAsync(lab, journal => journal.Count("QUIT") > 0, patience.Token);

        long begun = Stopwatch.GetTimestamp();
        await using ApplianceProcess appliance = folder.Start([lab.PortOf(LabService.Pop3s)]);
        await appliance.RunUntilAsync(stored);
        TimeSpan processor = appliance.ProcessorTime;
        await appliance.StopAsync();

        TimeSpan toConnection = Stopwatch.GetElapsedTime(begun, await connected);
        TimeSpan toEnd = Stopwatch.GetElapsedTime(begun, await stored);
        Write($"from the start of the process to the first connection {toConnection.TotalMilliseconds:F0} ms, to the end of the first poll {toEnd.TotalMilliseconds:F0} ms; processor time {processor.TotalMilliseconds:F0} ms");
        Assert.InRange(toConnection, TimeSpan.Zero, TimeSpan.FromSeconds(30));
    }

    private readonly record struct Times(TimeSpan FromAnswer, TimeSpan FromRequest);

    private static async Task<Times> SubmitAsync(HttpClient client, LabServer lab, LabMailbox account)
    {
        long before = lab.Journal.Count("MAIL");
        Task<long> onTheWire = WhenAsync(lab, journal => journal.Count("MAIL") > before, Cancelled);
        using StringContent message = new($"From: {account.Address}\r\nTo: someone@elsewhere.example\r\nSubject: at once\r\n\r\nhello\r\n", Encoding.ASCII, "message/rfc822");
        long asked = Stopwatch.GetTimestamp();
        using HttpResponseMessage answer = await client.PostAsync(new Uri($"emails/raw?mailbox={account.Address}&to=someone@elsewhere.example", UriKind.Relative), message, Cancelled);
        long accepted = Stopwatch.GetTimestamp();
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        long sent = await onTheWire;
        // The next is submitted when this one is through.
        await lab.Journal.WhenAsync(journal => journal.MessagesAccepted > before, Cancelled);
        return new(Stopwatch.GetElapsedTime(accepted, sent), Stopwatch.GetElapsedTime(asked, sent));
    }

    private static async Task<long> WhenAsync(LabServer lab, Func<LabJournal, bool> condition, CancellationToken cancellationToken)
    {
        await lab.Journal.WhenAsync(condition, cancellationToken);
        return Stopwatch.GetTimestamp();
    }

    private static TimeSpan Tell(string what, List<Times> times)
    {
        static string Quantiles(IEnumerable<TimeSpan> values)
        {
            TimeSpan[] sorted = [.. values.Order()];
            return string.Create(CultureInfo.InvariantCulture, $"p50 {sorted[sorted.Length / 2].TotalMilliseconds:F1} ms, p99 {sorted[sorted.Length * 99 / 100].TotalMilliseconds:F1} ms");
        }

        Write($"{times.Count} emails, {what}: MAIL is seen {Quantiles(times.Select(time => time.FromAnswer))} after the answer, {Quantiles(times.Select(time => time.FromRequest))} after the request was begun");
        return times.Select(time => time.FromAnswer).Order().ElementAt(times.Count / 2);
    }

    private static void Write(FormattableString line) => TestContext.Current.TestOutputHelper!.WriteLine(line.ToString(CultureInfo.InvariantCulture));

    private static async Task PrepareAsync(ApplianceFolder folder, LabServer lab, bool receives)
    {
        await using IStore store = await folder.OpenStoreAsync();
        EmailServerProfile profile = await store.Profiles.CreateAsync(
            new()
            {
                Name = "lab",
                Incoming = new() { Location = receives ? ApplianceFolder.At(lab, LabService.Pop3s) : null },
                Outgoing = new() { Location = ApplianceFolder.At(lab, LabService.Smtps) },
                TrustedCertificates = lab.Authority.RootPem,
            },
            Cancelled);
        foreach (LabMailbox account in lab.Mailboxes)
        {
            await ApplianceFolder.AddMailboxAsync(store, profile, account.Address, account.Password, mailbox => receives
                ? mailbox
                : mailbox with { IncomingEmail = DeliveryMethod.None, State = new() { EnabledForOutgoing = true } });
        }
    }
}
