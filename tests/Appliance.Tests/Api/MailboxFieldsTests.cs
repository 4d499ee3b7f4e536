using System.Text.Json.Nodes;

namespace EmailSync.Appliance.Tests.Api;

/// <summary>The fields of a mailbox: what is filled in, how far each goes, and what nobody can set.</summary>
public sealed class MailboxFieldsTests
{
    [Fact]
    public async Task What_is_not_given_is_filled_in()
    {
        await using ApiHost host = await ApiHost.StartAsync();
        await host.PostAsync("profiles", host.ProfileInput());
        await host.PatchAsync("settings", new JsonObject { ["defaultProfile"] = "lab", ["defaultOutgoingEmail"] = "none" });

        Answer mailbox = await host.PostAsync("mailboxes", new JsonObject { ["emailAddress"] = "a@example.com" });

        Assert.True(mailbox.Status == 201, mailbox.Text);
        foreach ((string field, string expected) in ((string, string)[])
            [("name", "a@example.com"), ("kind", "user"), ("profile", "prf_1"), ("incomingEmail", "server-side-synchronization"), ("outgoingEmail", "none"),
             ("appointmentsContactsTasks", "none"), ("approval", "pending"), ("incomingEmailStatus", "not-run"), ("outgoingEmailStatus", "not-run"),
             ("appointmentsContactsTasksStatus", "not-run"), ("mailboxStatus", "not-run")])
            Assert.Equal((field, expected), (field, mailbox.String(field)));
        foreach (string field in (string[])["allowCredentialsForEmailProcessing", "isPasswordSet", "enabledForIncoming", "enabledForOutgoing", "deleteEmailsAfterProcessing", "deleteOnlyAcknowledged"])
            Assert.Equal((field, false), (field, (bool)mailbox.Json[field]!));
        foreach (string field in (string[])["consecutiveEmptyPolls", "transientFailureCount", "messagesReceived", "messagesSent"])
            Assert.Equal((field, 0), (field, (int)mailbox.Json[field]!));
        Assert.Equal(150 * 1024 * 1024, (long)mailbox.Json["maximumMessageSize"]!);
        Assert.All(
            (string[])["userName", "processEmailsReceivedAfter", "leaveOnServerDays", "nextPollAt", "lastPollStartedAt", "lastSuccessAt", "lastError", "postponedUntil", "leasedBy"],
            field => Assert.Null(mailbox.Json[field]));
    }

    [Fact]
    public async Task Without_a_default_profile_one_has_to_be_named()
    {
        await using ApiHost host = await ApiHost.StartAsync();

        Answer refused = await host.PostAsync("mailboxes", new JsonObject { ["emailAddress"] = "a@example.com" });

        Assert.Equal((422, "profile"), (refused.Status, Assert.Single(refused.FaultyFields)));
    }

    [Theory]
    [InlineData("approval", "\"approved\""), InlineData("enabledForIncoming", "true"), InlineData("enabledForOutgoing", "true"), InlineData("mailboxStatus", "\"success\"")]
    [InlineData("incomingEmailStatus", "1"), InlineData("messagesReceived", "7"), InlineData("nextPollAt", "\"2026-01-01T00:00:00Z\""), InlineData("leasedBy", "\"x\"")]
    public async Task What_a_test_an_approval_or_the_engine_sets_nobody_else_does(string field, string value)
    {
        await using ApiHost host = await ApiHost.StartAsync();
        await host.PostAsync("profiles", host.ProfileInput());
        await host.PostAsync("mailboxes", host.MailboxInput());

        Answer refused = await host.PatchAsync("mailboxes/mbx_1", JsonNode.Parse($$"""{"{{field}}":{{value}}}""")!);

        Assert.Equal(400, refused.Status);
        Assert.Contains(field, refused.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_field_goes_as_far_as_it_says_and_no_further()
    {
        await using ApiHost host = await ApiHost.StartAsync();
        await host.PostAsync("profiles", host.ProfileInput());

        Answer most = await host.PostAsync("mailboxes", new JsonObject
        {
            ["emailAddress"] = "j\u00f6rg@b\u00fccher.example", ["name"] = new string('n', 200), ["profile"] = "lab", ["kind"] = "queue", ["userName"] = new string('u', 200),
            ["password"] = new string('p', 200), ["leaveOnServerDays"] = 3650, ["maximumMessageSize"] = 1L << 30, ["deleteEmailsAfterProcessing"] = true,
        });
        Answer beyond = await host.PostAsync("mailboxes", new JsonObject
        {
            ["emailAddress"] = "b@example.com", ["name"] = new string('n', 201), ["profile"] = "lab", ["kind"] = 2, ["userName"] = new string('u', 201),
            ["password"] = new string('p', 201), ["leaveOnServerDays"] = -1, ["maximumMessageSize"] = (1L << 30) + 1, ["incomingEmail"] = 9,
        });
        Answer taken = await host.PostAsync("mailboxes", new JsonObject { ["emailAddress"] = "J\u00d6RG@b\u00fccher.example", ["profile"] = "lab" });

        Assert.True(most.Status == 201, most.Text);
        Assert.Equal(("j\u00f6rg@b\u00fccher.example", true), (most.String("emailAddress"), (bool)most.Json["allowCredentialsForEmailProcessing"]!));
        Assert.Equal(422, beyond.Status);
        Assert.Equal(
            ["incomingEmail", "kind", "leaveOnServerDays", "maximumMessageSize", "name", "password", "userName"], beyond.FaultyFields.Order(StringComparer.Ordinal));
        Assert.Equal((409, "duplicate"), (taken.Status, taken.String("code")));
    }

    [Theory, InlineData("incoming"), InlineData("outgoing")]
    public async Task A_direction_needs_a_server_of_the_profile(string direction)
    {
        await using ApiHost host = await ApiHost.StartAsync();
        JsonObject profile = host.ProfileInput();
        profile.Remove(direction + "ServerLocation");
        profile.Remove(direction + "Port");
        await host.PostAsync("profiles", profile);

        Answer refused = await host.PostAsync("mailboxes", host.MailboxInput());
        JsonObject input = host.MailboxInput();
        input[direction + "Email"] = "none";
        Answer taken = await host.PostAsync("mailboxes", input);

        Assert.Equal((422, direction + "Email"), (refused.Status, Assert.Single(refused.FaultyFields)));
        Assert.True(taken.Status == 201, taken.Text);
    }

    [Fact]
    public async Task Another_address_waits_for_a_new_approval_a_new_password_and_a_new_test()
    {
        await using ApiHost host = await ApiHost.StartAsync();
        await host.PostAsync("profiles", host.ProfileInput());
        await host.PostAsync("mailboxes", host.MailboxInput());
        await host.PostAsync("mailboxes/mbx_1/approve");
        await TestAsync(host, "mbx_1");
        Assert.True((bool)(await host.GetAsync("mailboxes/mbx_1")).Json["enabledForIncoming"]!);

        Answer moved = await host.PatchAsync("mailboxes/mbx_1", new JsonObject { ["emailAddress"] = "other@lab.example" });

        Assert.Equal((200, "pending", false), (moved.Status, moved.String("approval"), (bool)(await host.GetAsync("mailboxes/mbx_1")).Json["isPasswordSet"]!));
        Answer after = await host.GetAsync("mailboxes/mbx_1");
        Assert.Equal((false, false), ((bool)after.Json["enabledForIncoming"]!, (bool)after.Json["enabledForOutgoing"]!));
        Assert.Null(after.Json["approvalBy"]);
    }

    [Fact]
    public async Task Approval_is_asked_for_users_and_for_queues_each_by_itself()
    {
        await using ApiHost host = await ApiHost.StartAsync();
        await host.PostAsync("profiles", host.ProfileInput());
        await host.PostAsync("mailboxes", host.MailboxInput(1));
        JsonObject queue = host.MailboxInput(2);
        queue["kind"] = "queue";
        await host.PostAsync("mailboxes", queue);

        await host.PatchAsync("settings", new JsonObject { ["approvalRequiredForQueues"] = false });
        Assert.Equal(("failure", "success"), (await TestAsync(host, "mbx_1"), await TestAsync(host, "mbx_2")));
        await host.PatchAsync("settings", new JsonObject { ["approvalRequiredForQueues"] = true, ["approvalRequiredForUsers"] = false });
        Assert.Equal(("success", "failure"), (await TestAsync(host, "mbx_1"), await TestAsync(host, "mbx_2")));
    }

    [Fact]
    public async Task Credentials_that_their_owner_does_not_allow_are_not_used()
    {
        await using ApiHost host = await ApiHost.StartAsync();
        await host.PostAsync("profiles", host.ProfileInput());
        JsonObject input = host.MailboxInput();
        input["allowCredentialsForEmailProcessing"] = false;
        await host.PostAsync("mailboxes", input);
        await host.PostAsync("mailboxes/mbx_1/approve");

        Assert.Equal("failure", await TestAsync(host, "mbx_1"));

        Assert.Equal(0, host.Lab.Journal.ConnectionsOpened);
        JsonNode alert = Assert.Single((await host.GetAsync("alerts?scope=mailbox&subject=mbx_1")).Json["items"]!.AsArray())!;
        Assert.Equal("configuration", (string)alert["code"]!);
    }

    private static async Task<string> TestAsync(ApiHost host, string mailbox)
    {
        string id = (await host.PostAsync($"mailboxes/{mailbox}/test")).String("id");
        await host.WatchAsync(id).ToListAsync(ApiHost.Timeout);
        return (await host.GetAsync($"mailboxes/{mailbox}")).String("mailboxStatus");
    }
}
