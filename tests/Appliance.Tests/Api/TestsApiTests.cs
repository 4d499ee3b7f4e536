using System.Net.ServerSentEvents;
using System.Text.Json.Nodes;
using EmailSync.Lab;

namespace EmailSync.Appliance.Tests.Api;

/// <summary>Test &amp; Enable over mailboxes and whole profiles, through the API.</summary>
public sealed class TestsApiTests
{
    [Fact]
    public async Task One_mailbox_is_told_step_by_step_and_the_message_is_found_again()
    {
        await using ApiHost host = await ApiHost.StartAsync();
        await AddMailboxesAsync(host, 1);

        Answer started = await host.PostAsync("tests", new JsonObject { ["mailboxes"] = new JsonArray("user0001@lab.example") });
        List<SseItem<JsonNode>> events = await WatchAsync(host, started.String("id"));

        Assert.Equal((202, "running", 1), (started.Status, started.String("state"), (int)started.Json["total"]!));
        string[] steps = [.. events.Where(item => item.EventType == "step").Select(item => (string)item.Data["event"]!["step"]!["name"]!)];
        Assert.Equal(["preconditions", "policy", "dns", "tcp", "tls", "greeting", "capabilities", "authentication", "maildrop"], steps[..9]);
        Assert.Equal("round-trip", steps[^1]);
        JsonNode result = events.Single(item => item.EventType == "result").Data["event"]!;
        Assert.Equal(("success", "success", 0), ((string?)result["incoming"], (string?)result["outgoing"], result["failedSteps"]!.AsArray().Count));
        Assert.Equal(("end", "completed", 1), (events[^1].EventType, (string?)events[^1].Data["job"]!["state"], (int)events[^1].Data["job"]!["succeeded"]!));
        Assert.Equal(3, host.Lab.Mailboxes[0].MessageCount);
        Assert.Equal("control socket", started.String("requestedBy"));
    }

    [Fact]
    public async Task A_watcher_comes_back_where_it_was_and_the_last_test_stays_on_record()
    {
        await using ApiHost host = await ApiHost.StartAsync();
        await AddMailboxesAsync(host, 1);
        string id = (await host.PostAsync("mailboxes/mbx_1/test")).String("id");
        List<SseItem<JsonNode>> all = await WatchAsync(host, id);
        string[] numbers = [.. all.Select(item => item.EventId).OfType<string>()];

        List<SseItem<JsonNode>> rest = await WatchAsync(host, id, numbers[3]);

        Assert.Equal(Enumerable.Range(1, numbers.Length).Select(number => $"{number}"), numbers);
        Assert.Equal(numbers[4..], rest.Select(item => item.EventId).OfType<string>());
        Answer last = await host.GetAsync("mailboxes/mbx_1/test");
        Assert.Equal((true, numbers.Length - 1), ((bool)last.Json["isComplete"]!, last.Json["steps"]!.AsArray().Count));
    }

    [Fact]
    public async Task A_whole_profile_is_tested_within_the_limit_of_connections_and_the_failures_are_named()
    {
        const int Mailboxes = 60;
        await using ApiHost host = await ApiHost.StartAsync(
            options => options with { MaxConnectionsPerHost = 3 }, new() { Mailboxes = Mailboxes, MessagesPerMailbox = 0 });
        await AddMailboxesAsync(host, Mailboxes, wrongPasswordOf: 7);

        Answer started = await host.PostAsync("profiles/lab/test");
        List<SseItem<JsonNode>> events = await WatchAsync(host, started.String("id"));

        JsonNode end = events[^1].Data["job"]!;
        Assert.Equal((Mailboxes, Mailboxes - 1, 1), ((int)end["total"]!, (int)end["succeeded"]!, (int)end["failed"]!));
        Assert.DoesNotContain(events, item => item.EventType == "step");
        JsonNode failed = events.Single(item => item.Data["event"]?["failedSteps"] is JsonArray { Count: > 0 }).Data["event"]!;
        Assert.Equal("user0007@lab.example", (string?)failed["emailAddress"]);
        Assert.All(failed["failedSteps"]!.AsArray(), step => Assert.NotEmpty((string)step!["advice"]!));
        // The lab hears of an end a moment after us: each of three tests may be seen with the connection that it has just ended.
        Assert.InRange(host.Lab.Journal.PeakConnections, 1, 6);
        Answer page = await host.GetAsync($"tests/{started.String("id")}/results?limit=50");
        Answer rest = await host.GetAsync($"tests/{started.String("id")}/results?limit=50&after={page.String("next")}");
        Assert.Equal((50, 10), (page.Json["items"]!.AsArray().Count, rest.Json["items"]!.AsArray().Count));

        string[] codes = [.. (await host.GetAsync("alerts?scope=profile&subject=prf_1")).Json["items"]!.AsArray().Select(alert => (string)alert!["code"]!)];
        Assert.Equal(["test-failed"], codes);
        await host.PatchAsync("mailboxes/user0007@lab.example", new JsonObject { ["password"] = host.Lab.Mailboxes[6].Password });
        await WatchAsync(host, (await host.PostAsync("mailboxes/user0007@lab.example/test")).String("id"));
        Assert.Empty((await host.GetAsync("alerts?scope=profile&subject=prf_1")).Json["items"]!.AsArray());
    }

    [Fact]
    public async Task A_run_is_called_off_what_waits_is_left_as_it_was_and_nobody_needs_to_watch()
    {
        await using ApiHost host = await ApiHost.StartAsync(
            options => options with { MaxConnectionsPerHost = 1 }, new() { Mailboxes = 5, MessagesPerMailbox = 0 });
        await AddMailboxesAsync(host, 5);
        host.Lab.Misbehave(Misbehaviour.Hang(Misbehaviour.SigningIn));

        string id = (await host.PostAsync("profiles/lab/test")).String("id");
        await host.Lab.Journal.WhenAsync(journal => journal.Strikes >= 1, ApiHost.Timeout);
        Answer canceled = await host.PostAsync($"tests/{id}/cancel");
        host.Lab.Misbehave();

        Assert.Equal(("canceled", 0), (canceled.String("state"), (int)canceled.Json["completed"]!));
        Assert.Equal("end", (await WatchAsync(host, id))[^1].EventType);
        // The connection that was broken off has given its place back, and those that waited are not tested after all.
        Answer next = await host.PostAsync("mailboxes/mbx_5/test");
        Assert.Equal("completed", (string?)(await WatchAsync(host, next.String("id")))[^1].Data["job"]!["state"]);
        Assert.All(
            (await host.GetAsync("mailboxes")).Json["items"]!.AsArray().Take(4),
            mailbox => Assert.Equal("not-run", (string?)mailbox!["mailboxStatus"]));
    }

    [Fact]
    public async Task A_mailbox_that_is_deleted_before_its_turn_holds_nobody_up()
    {
        await using ApiHost host = await ApiHost.StartAsync(
            options => options with { MaxConnectionsPerHost = 1 }, new() { Mailboxes = 2, MessagesPerMailbox = 0 });
        await AddMailboxesAsync(host, 2);
        host.Lab.Misbehave(Misbehaviour.Hang(Misbehaviour.SigningIn));
        string blocking = (await host.PostAsync("mailboxes/mbx_1/test")).String("id");
        await host.Lab.Journal.WhenAsync(journal => journal.Strikes >= 1, ApiHost.Timeout);
        string id = (await host.PostAsync("mailboxes/mbx_2/test")).String("id");

        await host.DeleteAsync("mailboxes/mbx_2");

        Assert.Equal(1, (int)(await WatchAsync(host, id))[^1].Data["job"]!["failed"]!);
        await host.PostAsync($"tests/{blocking}/cancel");
    }

    [Theory]
    [InlineData("{}", 422)]
    [InlineData("""{"mailboxes":["mbx_1"],"profile":"lab"}""", 422)]
    [InlineData("""{"mailboxes":["nobody@lab.example","mbx_99"]}""", 422)]
    [InlineData("""{"profile":"nobody"}""", 404)]
    public async Task Who_is_to_be_tested_must_be_clear(string input, int status)
    {
        await using ApiHost host = await ApiHost.StartAsync();
        await AddMailboxesAsync(host, 1);

        Assert.Equal(status, (await host.PostAsync("tests", JsonNode.Parse(input))).Status);
        Assert.Equal(404, (await host.GetAsync("tests/tst_1")).Status);
        Assert.Equal(404, (await host.GetAsync("tests/tst_1/events")).Status);
        Assert.Equal(404, (await host.GetAsync("mailboxes/mbx_1/test")).Status);
        Assert.Empty((await host.GetAsync("tests")).Json["items"]!.AsArray());
    }

    private static async Task AddMailboxesAsync(ApiHost host, int count, int? wrongPasswordOf = null)
    {
        await host.PostAsync("profiles", host.ProfileInput());
        await host.PatchAsync("settings", new JsonObject { ["approvalRequiredForUsers"] = false });
        for (int number = 1; number <= count; number++)
        {
            JsonObject input = host.MailboxInput(number);
            if (number == wrongPasswordOf)
                input["password"] = "wrong";
            Assert.Equal(201, (await host.PostAsync("mailboxes", input)).Status);
        }
    }

    private static async Task<List<SseItem<JsonNode>>> WatchAsync(ApiHost host, string id, string? seen = null) =>
        await host.WatchAsync(id, seen).ToListAsync(ApiHost.Timeout);
}
