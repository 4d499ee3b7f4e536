using System.Collections.Concurrent;
using System.Globalization;
using System.Net.ServerSentEvents;
using System.Text.Json.Nodes;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;
using EmailSync.Lab;
using EmailSync.Protocols.Wire;

namespace EmailSync.Appliance.Tests.Api;

/// <summary>Test &amp; Enable of a profile with two thousand mailboxes: watched, called off in the middle, and begun again.</summary>
public sealed class WholeProfileTests
{
    private const int Mailboxes = 2000;
    private const int Limit = 12;
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(5);

    [Fact]
    public async Task Two_thousand_mailboxes_are_called_off_in_the_middle_and_tested_to_the_end_within_the_limit_of_connections()
    {
        await using ApiHost host = await ApiHost.StartAsync(
            options => options with { MaxConnectionsPerHost = Limit, AllowBasicAuthenticationOnNonSecureChannel = true },
            new() { Mailboxes = Mailboxes, MessagesPerMailbox = 0, KeepContent = false });
        IReadOnlyList<Mailbox> mailboxes = await AddMailboxesAsync(host);

        string first = (await host.PostAsync("profiles/lab/test")).String("id");
        List<JsonNode> seen = [];
        DateTimeOffset calledOffAt = default;
        await foreach (SseItem<JsonNode> item in host.WatchAsync(first))
        {
            seen.Add(item.Data["job"]!);
            if (item.EventType == "result" && calledOffAt == default && (int)item.Data["job"]!["completed"]! >= Mailboxes / 4)
            {
                calledOffAt = DateTimeOffset.UtcNow;
                Assert.Equal("canceled", (await host.PostAsync($"tests/{first}/cancel")).String("state"));
            }
        }

        Assert.Equal("canceled", (string)seen[^1]["state"]!);
        Assert.InRange(DateTimeOffset.UtcNow - calledOffAt, TimeSpan.Zero, Soon);
        AssertProgressGrows(seen);
        // What was being tested is broken off: with its turn, whoever asks next has a place at once.
        string next = (await host.PostAsync("mailboxes/mbx_2000/test")).String("id");
        await host.WatchAsync(next).ToListAsync(ApiHost.Timeout);
        Assert.InRange(DateTimeOffset.UtcNow - calledOffAt, TimeSpan.Zero, Soon + Soon);
        int tested = await AssertEveryStateIsTrueAsync(host, mailboxes);
        Assert.InRange(tested, (int)seen[^1]["completed"]! + 1, (int)seen[^1]["completed"]! + 1 + Limit);
        Assert.InRange(tested, Mailboxes / 4, Mailboxes / 2);

        string second = (await host.PostAsync("profiles/lab/test")).String("id");
        List<SseItem<JsonNode>> all = await host.WatchAsync(second).ToListAsync(ApiHost.Timeout);

        JsonNode end = all[^1].Data["job"]!;
        int wrong = mailboxes.Count(IsWrong);
        Assert.Equal(("completed", Mailboxes, Mailboxes - wrong, wrong), ((string)end["state"]!, (int)end["completed"]!, (int)end["succeeded"]!, (int)end["failed"]!));
        Assert.Equal(Mailboxes, all.Where(item => item.EventType == "result").Select(item => (string)item.Data["event"]!["mailbox"]!).Distinct().Count());
        AssertProgressGrows([.. all.Select(item => item.Data["job"]!)]);
        Assert.Equal(Mailboxes, await AssertEveryStateIsTrueAsync(host, mailboxes));
        Assert.InRange(host.Lab.Journal.PeakOfSessions(), 2, Limit);
    }

    private static int NumberOf(Mailbox mailbox) => int.Parse(mailbox.EmailAddress.AsSpan("user".Length, 4), CultureInfo.InvariantCulture);

    private static bool IsWrong(Mailbox mailbox) => NumberOf(mailbox) % 100 == 7;

    private static bool SendsToo(Mailbox mailbox) => NumberOf(mailbox) % 10 == 0;

    private static async Task<IReadOnlyList<Mailbox>> AddMailboxesAsync(ApiHost host)
    {
        JsonObject profile = host.ProfileInput();
        // Four thousand handshakes would be most of the work here, and nothing that is asked.
        (profile["incomingPort"], profile["incomingTlsMode"]) = (host.Lab.PortOf(LabService.Pop3), "none");
        Answer added = await host.PostAsync("profiles", profile);
        Assert.True(added.Status == 201, added.Text);
        ConcurrentBag<Mailbox> mailboxes = [];
        await Parallel.ForEachAsync(host.Lab.Mailboxes, ApiHost.Timeout, async (account, cancellationToken) =>
        {
            Mailbox mailbox = new()
            {
                Name = account.Address,
                EmailAddress = account.Address,
                Profile = new(1),
                AllowCredentialsForEmailProcessing = true,
                Approval = EmailApproval.Approved,
            };
            if (!SendsToo(mailbox))
                mailbox = mailbox with { OutgoingEmail = DeliveryMethod.None };
            mailbox = await host.Store.Mailboxes.CreateAsync(mailbox, cancellationToken);
            await host.Store.Secrets.SetAsync(SecretName.Of(mailbox.Id), new Secret(IsWrong(mailbox) ? "wrong" : account.Password), cancellationToken);
            mailboxes.Add(mailbox);
        });
        return [.. mailboxes];
    }

    private static void AssertProgressGrows(List<JsonNode> jobs)
    {
        int[] completed = [.. jobs.Select(job => (int)job["completed"]!)];
        Assert.Equal(completed.Order(), completed);
        Assert.InRange(completed.Distinct().Count(), 10, Mailboxes + 1);
    }

    /// <summary>Each is tested whole, with what was found and its alert, or as if nobody had asked. Returns how many are tested.</summary>
    private static async Task<int> AssertEveryStateIsTrueAsync(ApiHost host, IReadOnlyList<Mailbox> mailboxes)
    {
        ILookup<string, string> alerts = await AlertsAsync(host);
        int tested = 0;
        foreach (Mailbox mailbox in mailboxes)
        {
            MailboxState state = (await host.Store.Mailboxes.FindAsync(mailbox.Id, ApiHost.Timeout))!.State;
            EmailSync.Appliance.Model.TestResult? last = await host.Store.Mailboxes.FindTestAsync(mailbox.Id, ApiHost.Timeout);
            string[] standing = [.. alerts[mailbox.Id.ToString()]];
            if (state.TestCompletedAt is null)
            {
                Assert.Equal((EmailStatus.NotRun, false, false), (state.MailboxStatus, state.EnabledForIncoming, state.EnabledForOutgoing));
                Assert.Null(last);
                Assert.Empty(standing);
                continue;
            }

            tested++;
            EmailStatus expected = IsWrong(mailbox) ? EmailStatus.Failure : EmailStatus.Success;
            Assert.Equal((expected, SendsToo(mailbox) ? expected : EmailStatus.NotRun), (state.IncomingStatus, state.OutgoingStatus));
            Assert.Equal((!IsWrong(mailbox), !IsWrong(mailbox) && SendsToo(mailbox)), (state.EnabledForIncoming, state.EnabledForOutgoing));
            Assert.Equal((state.IncomingStatus, state.OutgoingStatus), (last!.Incoming, last.Outgoing));
            Assert.Equal([IsWrong(mailbox) ? "authentication" : "mailbox-enabled"], standing);
        }

        Assert.Equal(["test-failed"], alerts["prf_1"]);
        // Nothing runs any more, and nothing waits.
        Answer jobs = await host.GetAsync("tests");
        Assert.DoesNotContain("running", jobs.Json["items"]!.AsArray().Select(job => (string)job!["state"]!));
        return tested;
    }

    private static async Task<ILookup<string, string>> AlertsAsync(ApiHost host)
    {
        List<Alert> all = [];
        IReadOnlyList<Alert> page;
        do
            all.AddRange(page = await host.Store.Alerts.ListAsync(unresolvedOnly: true, subject: null, all.Count > 0 ? all[^1].Id : null, 1000, ApiHost.Timeout));
        while (page.Count == 1000);
        return all.ToLookup(alert => alert.Subject.Id, alert => alert.Code);
    }
}
