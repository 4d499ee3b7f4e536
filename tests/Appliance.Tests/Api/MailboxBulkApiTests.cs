using System.Text.Json.Nodes;

namespace EmailSync.Appliance.Tests.Api;

/// <summary>Changes of many mailboxes at once.</summary>
public sealed class MailboxBulkApiTests
{
    [Fact]
    public async Task A_dry_run_tells_what_would_change_and_changes_nothing()
    {
        await using ApiHost host = await StartAsync();

        Answer answer = await host.PatchAsync("mailboxes?profile=lab&dryRun=true", new JsonObject { ["deleteEmailsAfterProcessing"] = true, ["leaveOnServerDays"] = 7 });

        Assert.Equal((true, 2, 2), ((bool)answer.Json["dryRun"]!, (int)answer.Json["matched"]!, (int)answer.Json["changed"]!));
        Assert.Equal(
            """{"mailbox":"mbx_1","emailAddress":"user0001@lab.example","fields":[{"field":"deleteEmailsAfterProcessing","from":false,"to":true},{"field":"leaveOnServerDays","to":7}]}""",
            answer.Json["changes"]![0]!.ToJsonString());
        Assert.Equal("\"1\"", (await host.GetAsync("mailboxes/mbx_1")).ETag);
    }

    [Fact]
    public async Task The_chosen_ones_are_changed_and_those_that_are_so_already_are_left_alone()
    {
        await using ApiHost host = await StartAsync();
        await host.PatchAsync("mailboxes/mbx_1", new JsonObject { ["kind"] = "queue", ["leaveOnServerDays"] = 7 });

        Answer all = await host.PatchAsync("mailboxes?all=true", new JsonObject { ["leaveOnServerDays"] = 7 });
        Answer queues = await host.PatchAsync("mailboxes?kind=queue", new JsonObject { ["leaveOnServerDays"] = null });

        Assert.Equal((2, 1), ((int)all.Json["matched"]!, (int)all.Json["changed"]!));
        Assert.Equal((1, 1), ((int)queues.Json["matched"]!, (int)queues.Json["changed"]!));
        Assert.Null((await host.GetAsync("mailboxes/mbx_1")).Json["leaveOnServerDays"]);
        Assert.Equal(7, (int)(await host.GetAsync("mailboxes/mbx_2")).Json["leaveOnServerDays"]!);
    }

    [Fact]
    public async Task Where_one_would_be_refused_all_stay_as_they_are()
    {
        await using ApiHost host = await StartAsync();
        await host.PostAsync("profiles", new JsonObject { ["name"] = "sends only", ["outgoingServerLocation"] = "smtp.example.com" });
        await host.PatchAsync("mailboxes/mbx_1", new JsonObject { ["incomingEmail"] = "none" });

        Answer refused = await host.PatchAsync("mailboxes?all=true", new JsonObject { ["profile"] = "sends only" });

        Assert.Equal((422, "incomingEmail"), (refused.Status, Assert.Single(refused.FaultyFields)));
        Assert.Contains("user0002@lab.example", refused.Text, StringComparison.Ordinal);
        Assert.Equal("prf_1", (await host.GetAsync("mailboxes/mbx_1")).String("profile"));
    }

    [Theory]
    [InlineData("mailboxes", "mailbox")]
    [InlineData("mailboxes?mailbox=mbx_1&profile=lab", "mailbox")]
    [InlineData("mailboxes?mailbox=mbx_1&mailbox=mbx_9", "mailbox")]
    [InlineData("mailboxes?all=true", "password", """{"password":"x"}""")]
    [InlineData("mailboxes?all=true", "refreshToken", """{"refreshToken":"x"}""")]
    [InlineData("mailboxes?all=true", "emailAddress", """{"emailAddress":"x@example.com"}""")]
    public async Task What_is_meant_must_be_clear(string path, string field, string patch = "{\"kind\":\"queue\"}")
    {
        await using ApiHost host = await StartAsync();

        Answer refused = await host.PatchAsync(path, JsonNode.Parse(patch)!);

        Assert.Equal((422, field), (refused.Status, Assert.Single(refused.FaultyFields)));
        Assert.Equal("user", (await host.GetAsync("mailboxes/mbx_1")).String("kind"));
    }

    [Fact]
    public async Task All_that_wait_are_approved_with_who_and_when()
    {
        await using ApiHost host = await StartAsync();
        await host.PostAsync("mailboxes/mbx_1/reject");

        Answer approved = await host.PostAsync("mailboxes/approve?approval=pending");

        Assert.Equal((1, 1), ((int)approved.Json["matched"]!, (int)approved.Json["changed"]!));
        Answer mailbox = await host.GetAsync("mailboxes/mbx_2");
        Assert.Equal(("approved", "control socket"), (mailbox.String("approval"), mailbox.String("approvalBy")));
        Assert.NotNull(mailbox.Json["approvalAt"]);
        Assert.Equal("rejected", (await host.GetAsync("mailboxes/mbx_1")).String("approval"));
    }

    [Fact]
    public async Task Default_email_settings_are_applied_and_then_tested()
    {
        await using ApiHost host = await StartAsync();
        Answer nothing = await host.PostAsync("mailboxes/apply-defaults?all=true");
        Assert.Equal((422, "defaultProfile"), (nothing.Status, Assert.Single(nothing.FaultyFields)));
        await host.PostAsync("mailboxes/approve?all=true");
        await host.PatchAsync("mailboxes/mbx_1", new JsonObject { ["outgoingEmail"] = "none" });
        await host.PatchAsync("settings", new JsonObject { ["defaultProfile"] = "lab", ["defaultIncomingEmail"] = "none" });

        Answer started = await host.PostAsync("mailboxes/apply-defaults?mailbox=mbx_1&mailbox=user0002@lab.example");
        await host.Socket.GetStringAsync($"tests/{started.String("id")}/events", ApiHost.Timeout);

        Assert.Equal((202, 2), (started.Status, (int)started.Json["total"]!));
        foreach (string id in (string[])["mbx_1", "mbx_2"])
        {
            Answer mailbox = await host.GetAsync($"mailboxes/{id}");
            Assert.Equal(("none", "server-side-synchronization"), (mailbox.String("incomingEmail"), mailbox.String("outgoingEmail")));
            Assert.Equal(("not-run", "success"), (mailbox.String("incomingEmailStatus"), mailbox.String("outgoingEmailStatus")));
            Assert.Equal((false, true), ((bool)mailbox.Json["enabledForIncoming"]!, (bool)mailbox.Json["enabledForOutgoing"]!));
        }
    }

    [Fact]
    public async Task A_profile_keeps_the_server_that_mailboxes_use()
    {
        await using ApiHost host = await StartAsync();

        Answer refused = await host.PatchAsync("profiles/lab", new JsonObject { ["outgoingServerLocation"] = null });
        await host.PatchAsync("mailboxes?all=true", new JsonObject { ["outgoingEmail"] = "none" });
        Answer taken = await host.PatchAsync("profiles/lab", new JsonObject { ["outgoingServerLocation"] = null });

        Assert.Equal((422, "outgoingServerLocation"), (refused.Status, Assert.Single(refused.FaultyFields)));
        Assert.Contains("user0001@lab.example, user0002@lab.example", refused.Text, StringComparison.Ordinal);
        Assert.Equal(200, taken.Status);
    }

    [Fact]
    public async Task Another_profile_on_the_same_servers_needs_no_new_approval_and_another_server_does()
    {
        await using ApiHost host = await StartAsync();
        await host.PostAsync("mailboxes/approve?all=true");
        await host.PostAsync("profiles", host.ProfileInput("same servers"));
        JsonObject elsewhere = host.ProfileInput("elsewhere");
        elsewhere["incomingServerLocation"] = "pop.example.com";
        await host.PostAsync("profiles", elsewhere);

        await host.PatchAsync("mailboxes/mbx_1", new JsonObject { ["profile"] = "same servers" });
        await host.PatchAsync("mailboxes/mbx_2", new JsonObject { ["profile"] = "elsewhere" });

        Answer same = await host.GetAsync("mailboxes/mbx_1");
        Answer moved = await host.GetAsync("mailboxes/mbx_2");
        Assert.Equal(("approved", true), (same.String("approval"), (bool)same.Json["isPasswordSet"]!));
        Assert.Equal(("pending", false), (moved.String("approval"), (bool)moved.Json["isPasswordSet"]!));
        Assert.Null(moved.Json["approvalBy"]);
    }

    private static async Task<ApiHost> StartAsync()
    {
        ApiHost host = await ApiHost.StartAsync(labOptions: new() { Mailboxes = 2, MessagesPerMailbox = 0 });
        await host.PostAsync("profiles", host.ProfileInput());
        await host.PostAsync("mailboxes", host.MailboxInput());
        await host.PostAsync("mailboxes", host.MailboxInput(2));
        return host;
    }
}
