using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Tests.Api;

public sealed class MailboxesApiTests
{
    [Theory]
    [InlineData("""{"text":""}""", 422)]
    [InlineData("""{"subject":" ","html":""}""", 422)]
    [InlineData("""{"subject":"only this"}""", 202)]
    [InlineData("""{"text":"only this"}""", 202)]
    public async Task An_email_of_nothing_is_refused_and_one_without_a_body_is_not(string parts, int status)
    {
        await using ApiHost host = await ApiHost.StartAsync();
        await host.PostAsync("profiles", host.ProfileInput());
        await host.PostAsync("mailboxes", host.MailboxInput());
        JsonObject email = JsonNode.Parse(parts)!.AsObject();
        email["mailbox"] = "mbx_1";
        email["to"] = new JsonArray("a@example.com");

        Assert.Equal(status, (await host.PostAsync("emails", email)).Status);
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task A_raw_email_of_nothing_is_refused(bool isLengthKnown)
    {
        await using ApiHost host = await ApiHost.StartAsync();
        await host.PostAsync("profiles", host.ProfileInput());
        await host.PostAsync("mailboxes", host.MailboxInput());
        using HttpRequestMessage request = new(HttpMethod.Post, "emails/raw?mailbox=mbx_1&to=a@example.com") { Content = new ByteArrayContent([]) };
        request.Content.Headers.ContentType = new("message/rfc822");
        request.Headers.TransferEncodingChunked = isLengthKnown ? null : true;

        using HttpResponseMessage response = await host.Socket.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(422, (int)response.StatusCode);
        Assert.Empty((await host.GetAsync("emails")).Json["items"]!.AsArray());
    }

    [Fact]
    public async Task A_raw_email_over_the_limit_is_refused_with_the_limit()
    {
        await using ApiHost host = await ApiHost.StartAsync();
        await host.PostAsync("profiles", host.ProfileInput());
        await host.PostAsync("mailboxes", host.MailboxInput());
        using HttpRequestMessage request = new(HttpMethod.Post, "emails/raw?mailbox=mbx_1&to=a@example.com") { Content = new ByteArrayContent([0x41]) };
        request.Content.Headers.ContentType = new("message/rfc822");
        request.Content.Headers.ContentLength = (150L * 1024 * 1024) + 1;
        request.Headers.ExpectContinue = true;

        using HttpResponseMessage response = await host.Socket.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(413, (int)response.StatusCode);
        Assert.Contains("157286400", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Mailboxes_of_one_kind_fill_their_page()
    {
        await using ApiHost host = await ApiHost.StartAsync();
        await host.PostAsync("profiles", host.ProfileInput());
        foreach (string name in (string[])["a", "q1", "b", "q2"])
            await host.PostAsync("mailboxes", new JsonObject { ["emailAddress"] = $"{name}@example.com", ["profile"] = "lab", ["kind"] = name[0] == 'q' ? "queue" : "user" });

        Answer page = await host.GetAsync("mailboxes?kind=queue&limit=2");

        Assert.Equal(["q1@example.com", "q2@example.com"], page.Json["items"]!.AsArray().Select(mailbox => (string)mailbox!["emailAddress"]!));
    }

    [Fact]
    public async Task From_a_profile_to_received_and_sent_mail()
    {
        await using ApiHost host = await ApiHost.StartAsync();
        Assert.Equal(201, (await host.PostAsync("profiles", host.ProfileInput())).Status);
        Answer created = await host.PostAsync("mailboxes", host.MailboxInput());
        Assert.Equal(("pending", "not-run", true), (created.String("approval"), created.String("mailboxStatus"), (bool)created.Json["isPasswordSet"]!));

        Answer approved = await host.PostAsync("mailboxes/mbx_1/approve");
        Assert.Equal(("approved", "control socket"), (approved.String("approval"), approved.String("approvalBy")));
        Assert.Equal(202, (await host.PostAsync("mailboxes/mbx_1/test")).Status);
        Answer test = await AwaitTestAsync(host, "mbx_1");
        Assert.Equal(("success", "success"), (test.String("incoming"), test.String("outgoing")));

        Answer received = await AwaitAsync(host, "emails?direction=incoming", answer => answer.Json["items"]!.AsArray().Count == 3);
        string id = (string)received.Json["items"]![0]!["id"]!;
        using HttpResponseMessage raw = await host.Socket.GetAsync($"emails/{id}/raw", ApiHost.Timeout);
        Assert.Equal("message/rfc822", raw.Content.Headers.ContentType!.MediaType);
        Assert.Equal((long)received.Json["items"]![0]!["size"]!, (await raw.Content.ReadAsByteArrayAsync(ApiHost.Timeout)).LongLength);

        Answer sent = await host.PostAsync("emails", new JsonObject
        {
            ["mailbox"] = "user0001@lab.example",
            ["to"] = new JsonArray("Second <user0002@lab.example>"),
            ["bcc"] = new JsonArray("hidden@elsewhere.example"),
            ["subject"] = "Grüße",
            ["text"] = "Hello\n.\nworld",
        });
        Assert.Equal(202, sent.Status);
        await AwaitAsync(host, $"emails/{sent.String("id")}", answer => answer.String("state") == "sent");
        Assert.Equal(4, host.Lab.Mailboxes[1].MessageCount);
        Assert.Equal(["user0002@lab.example", "hidden@elsewhere.example"], host.Lab.Outbox[^1].ForwardPaths);
        Assert.DoesNotContain("hidden@", Encoding.UTF8.GetString(host.Lab.Outbox[^1].Content.Span), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_is_at_work_on_a_mailbox_is_shown()
    {
        await using ApiHost host = await ApiHost.StartAsync();
        await EnableAsync(host);
        await AwaitAsync(host, "mailboxes/mbx_1", answer => answer.Json["lastSuccessAt"] is not null && answer.Json["leasedBy"] is null);

        await host.Store.Leases.TakeAsync(new(1), EmailDirection.Outgoing, "machine:1", TimeSpan.FromMinutes(1), ApiHost.Timeout);

        Assert.Equal("machine:1", (await host.GetAsync("mailboxes/mbx_1")).String("leasedBy"));
        Assert.Equal("machine:1", (string?)(await host.GetAsync("mailboxes")).Json["items"]![0]!["leasedBy"]);
    }

    [Fact]
    public async Task A_raw_message_is_sent_as_it_is_and_once_for_each_idempotency_key()
    {
        await using ApiHost host = await ApiHost.StartAsync();
        await EnableAsync(host);
        byte[] message = Encoding.ASCII.GetBytes("From: <user0001@lab.example>\r\nBcc: kept@lab.example\r\nSubject: raw\r\n\r\n.dot\r\n");

        string[] ids = [await SendRawAsync(host, message, "key-1"), await SendRawAsync(host, message, "key-1")];
        await AwaitAsync(host, $"emails/{ids[0]}", answer => answer.String("state") == "sent");

        Assert.Equal(ids[0], ids[1]);
        Assert.Equal(message, host.Lab.Outbox.Single(sent => sent.ForwardPaths.Contains("user0002@lab.example")).Content.ToArray());
    }

    [Theory]
    [InlineData("""{"emailAddress":"no address"}""", "emailAddress")]
    [InlineData("""{"emailAddress":"a@b\r\nRCPT TO:<x@y>"}""", "emailAddress")]
    [InlineData("""{"profile":"nobody"}""", "profile")]
    [InlineData("""{"appointmentsContactsTasks":"server-side-synchronization"}""", "appointmentsContactsTasks")]
    [InlineData("""{"leaveOnServerDays":3651}""", "leaveOnServerDays")]
    [InlineData("""{"deleteOnlyAcknowledged":true}""", "deleteOnlyAcknowledged")]
    [InlineData("""{"maximumMessageSize":0}""", "maximumMessageSize")]
    [InlineData("""{"password":"a\nb"}""", "password")]
    public async Task A_fault_names_its_field(string change, string field)
    {
        await using ApiHost host = await ApiHost.StartAsync();
        await host.PostAsync("profiles", host.ProfileInput());
        JsonObject input = host.MailboxInput();
        foreach ((string name, JsonNode? value) in JsonNode.Parse(change)!.AsObject())
            input[name] = value?.DeepClone();

        Answer answer = await host.PostAsync("mailboxes", input);

        Assert.Equal(422, answer.Status);
        Assert.Contains(field, answer.FaultyFields);
    }

    [Fact]
    public async Task Passwords_go_in_and_never_come_out()
    {
        await using ApiHost host = await ApiHost.StartAsync();
        JsonObject profile = host.ProfileInput();
        profile["incomingCredentialRetrieval"] = "profile";
        profile["outgoingCredentialRetrieval"] = "profile";
        profile["incomingUserName"] = "master";
        profile["incomingPassword"] = "canary-of-the-profile";
        JsonObject mailbox = host.MailboxInput();
        mailbox["password"] = "canary-of-the-mailbox";

        string answers = (await host.PostAsync("profiles", profile)).Text + (await host.PostAsync("mailboxes", mailbox)).Text
            + (await host.GetAsync("profiles")).Text + (await host.GetAsync("mailboxes")).Text
            + (await host.PatchAsync("mailboxes/mbx_1", new JsonObject { ["password"] = "canary-again", ["name"] = "x" })).Text
            + (await host.PatchAsync("mailboxes/mbx_1", new JsonObject { ["password"] = "canary-\nrefused" })).Text;

        Assert.DoesNotContain("canary", answers, StringComparison.Ordinal);
        Assert.Contains("\"isIncomingPasswordSet\":true", answers, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Plain_HTTP_needs_a_token_and_takes_no_passwords()
    {
        await using ApiHost host = await ApiHost.StartAsync();
        await host.PostAsync("profiles", host.ProfileInput());

        Assert.Equal(401, (await host.GetAsync("mailboxes", host.Tcp)).Status);
        Assert.Equal(401, (await host.SendAsync(HttpMethod.Get, "mailboxes", client: host.Tcp, token: host.Token + "x")).Status);
        Assert.Equal(200, (await host.SendAsync(HttpMethod.Get, "mailboxes", client: host.Tcp, token: host.Token)).Status);
        Answer refused = await host.SendAsync(HttpMethod.Post, "mailboxes", host.MailboxInput(), client: host.Tcp, token: host.Token);
        Assert.Equal((403, "insecure-channel"), (refused.Status, refused.String("code")));
        using HttpRequestMessage rebound = new(HttpMethod.Get, "mailboxes") { Headers = { Host = "attacker.example", Authorization = new("Bearer", host.Token) } };
        using HttpResponseMessage misdirected = await host.Tcp.SendAsync(rebound, ApiHost.Timeout);
        Assert.Equal(421, (int)misdirected.StatusCode);
    }

    [Fact]
    public async Task Plain_HTTP_takes_passwords_where_the_deployment_says_so()
    {
        await using ApiHost host = await ApiHost.StartAsync(options => options with { AllowCredentialsEntryViaNonSecureChannels = true });
        await host.PostAsync("profiles", host.ProfileInput());

        Assert.Equal(201, (await host.SendAsync(HttpMethod.Post, "mailboxes", host.MailboxInput(), client: host.Tcp, token: host.Token)).Status);
    }

    [Fact]
    public async Task The_feed_never_skips_or_repeats()
    {
        await using ApiHost host = await ApiHost.StartAsync(labOptions: new() { Mailboxes = 1, MessagesPerMailbox = 25 });
        await EnableAsync(host);
        await AwaitAsync(host, "emails?direction=incoming&limit=1000", answer => answer.Json["items"]!.AsArray().Count == 25);

        List<string> seen = [];
        string cursor = "";
        while (true)
        {
            Answer page = await host.GetAsync($"emails?direction=incoming&limit=10{cursor}");
            string[] ids = [.. page.Json["items"]!.AsArray().Select(email => (string)email!["id"]!)];
            if (ids.Length == 0)
                break;
            seen.AddRange(ids);
            cursor = "&after=" + page.String("next");
        }

        Assert.Equal(25, seen.Distinct().Count());
        Assert.Equal(25, seen.Count);
    }

    [Fact]
    public async Task A_wrong_password_leaves_an_alert_with_a_remedy_and_a_right_one_mends_it()
    {
        await using ApiHost host = await ApiHost.StartAsync();
        await host.PostAsync("profiles", host.ProfileInput());
        JsonObject input = host.MailboxInput();
        input["password"] = "wrong";
        await host.PostAsync("mailboxes", input);
        await host.PostAsync("mailboxes/mbx_1/approve");
        await host.PostAsync("mailboxes/mbx_1/test");
        Answer failed = await AwaitTestAsync(host, "mbx_1");
        Assert.Equal(("failure", "failure"), (failed.String("incoming"), failed.String("outgoing")));
        JsonNode alert = Assert.Single((await host.GetAsync("alerts?scope=mailbox&subject=mbx_1")).Json["items"]!.AsArray())!;
        Assert.Equal(("authentication", "error"), ((string)alert["code"]!, (string)alert["level"]!));
        Assert.NotEmpty((string)alert["remedy"]!);

        await host.PatchAsync("mailboxes/mbx_1", new JsonObject { ["password"] = host.Lab.Mailboxes[0].Password });
        await host.PostAsync("mailboxes/mbx_1/test");
        Assert.Equal("success", (await AwaitTestAsync(host, "mbx_1")).String("incoming"));
        Assert.Equal(["mailbox-enabled"], (await host.GetAsync("alerts?scope=mailbox&subject=mbx_1")).Json["items"]!.AsArray().Select(each => (string)each!["code"]!));
    }

    [Fact]
    public async Task Process_Email_From_moved_back_pulls_earlier_mail_by_a_rescan()
    {
        await using ApiHost host = await ApiHost.StartAsync();
        JsonObject profile = host.ProfileInput();
        profile["processEmailsReceivedAfter"] = "2999-01-01T00:00:00Z";
        await host.PostAsync("profiles", profile);
        await host.PostAsync("mailboxes", host.MailboxInput());
        await host.PostAsync("mailboxes/mbx_1/approve");
        await host.PostAsync("mailboxes/mbx_1/test");
        await AwaitTestAsync(host, "mbx_1");
        Answer polled = await AwaitAsync(host, "mailboxes/mbx_1", answer => answer.Json["lastSuccessAt"] is not null);
        Assert.Equal(0, (long)polled.Json["messagesReceived"]!);

        await host.PatchAsync("profiles/lab", new JsonObject { ["processEmailsReceivedAfter"] = "2000-01-01T00:00:00Z" });
        await host.PatchAsync("mailboxes/mbx_1", new JsonObject { ["processEmailsReceivedAfter"] = "1990-01-01T00:00:00Z" });
        Answer rescan = await host.PostAsync("mailboxes/mbx_1/rescan");

        Assert.Equal((202, 3), (rescan.Status, (int)rescan.Json["forgotten"]!));
        await AwaitAsync(host, "mailboxes/mbx_1", answer => (long)answer.Json["messagesReceived"]! == 3);
    }

    [Fact]
    public async Task An_inactive_profile_stops_its_mailboxes_and_an_active_one_lets_them_go_on()
    {
        await using ApiHost host = await ApiHost.StartAsync();
        await EnableAsync(host);
        await AwaitAsync(host, "mailboxes/mbx_1", answer => (long)answer.Json["messagesReceived"]! == 3);

        await host.PatchAsync("profiles/lab", new JsonObject { ["state"] = "inactive" });
        Answer started = await host.PostAsync("mailboxes/mbx_1/test");
        await host.Socket.GetStringAsync($"tests/{started.String("id")}/events", ApiHost.Timeout);
        JsonNode refused = (await host.GetAsync("mailboxes/mbx_1/test")).Json["steps"]![0]!;
        Assert.Equal(("preconditions", "failed"), ((string?)refused["name"], (string?)refused["outcome"]));
        Assert.Contains("inactive; activate it", (string?)refused["detail"], StringComparison.Ordinal);

        await host.PatchAsync("profiles/lab", new JsonObject { ["state"] = "active" });
        await host.PostAsync("mailboxes/mbx_1/test");
        Assert.Equal("success", (await AwaitTestAsync(host, "mbx_1")).String("incoming"));
    }

    [Fact]
    public async Task A_mailbox_that_is_newly_associated_pulls_the_mail_that_its_new_profile_asks_for()
    {
        await using ApiHost host = await ApiHost.StartAsync();
        JsonObject late = host.ProfileInput("late");
        late["processEmailsReceivedAfter"] = "2999-01-01T00:00:00Z";
        await host.PostAsync("profiles", late);
        await host.PostAsync("profiles", host.ProfileInput("all"));
        await host.PostAsync("mailboxes", host.MailboxInput(profile: "late"));
        await host.PostAsync("mailboxes/mbx_1/approve");
        await host.PostAsync("mailboxes/mbx_1/test");
        await AwaitTestAsync(host, "mbx_1");
        Answer polled = await AwaitAsync(host, "mailboxes/mbx_1", answer => answer.Json["lastSuccessAt"] is not null);
        Assert.Equal(0, (long)polled.Json["messagesReceived"]!);

        await host.PatchAsync("mailboxes/mbx_1", new JsonObject { ["profile"] = "all" });
        await host.PostAsync("mailboxes/mbx_1/poll");

        await AwaitAsync(host, "mailboxes/mbx_1", answer => (long)answer.Json["messagesReceived"]! == 3);
    }

    [Fact]
    public async Task Health_status_and_the_OpenAPI_document_are_served()
    {
        await using ApiHost host = await ApiHost.StartAsync();

        Assert.Equal(200, (await host.GetAsync("/livez", host.Tcp)).Status);
        Assert.Equal(200, (await host.GetAsync("/readyz", host.Tcp)).Status);
        Assert.Equal("commercial", (await host.GetAsync("status")).String("policy"));
        Assert.StartsWith("3.1", (await host.GetAsync("/openapi/v1.json")).String("openapi"), StringComparison.Ordinal);
        Assert.Equal(404, (await host.GetAsync("nothing/here")).Status);
    }

    private static async Task EnableAsync(ApiHost host)
    {
        await host.PostAsync("profiles", host.ProfileInput());
        await host.PostAsync("mailboxes", host.MailboxInput());
        await host.PostAsync("mailboxes/mbx_1/approve");
        await host.PostAsync("mailboxes/mbx_1/test");
        await AwaitTestAsync(host, "mbx_1");
    }

    private static async Task<string> SendRawAsync(ApiHost host, byte[] message, string key)
    {
        using ByteArrayContent content = new(message) { Headers = { ContentType = new MediaTypeHeaderValue("message/rfc822") } };
        using HttpRequestMessage request = new(HttpMethod.Post, "emails/raw?mailbox=mbx_1&to=user0002@lab.example") { Content = content };
        request.Headers.Add("Idempotency-Key", key);
        using HttpResponseMessage response = await host.Socket.SendAsync(request, ApiHost.Timeout);
        string text = await response.Content.ReadAsStringAsync(ApiHost.Timeout);
        Assert.True(response.StatusCode == System.Net.HttpStatusCode.Accepted, text);
        return (string)JsonNode.Parse(text)!["id"]!;
    }

    private static async Task<Answer> AwaitTestAsync(ApiHost host, string mailbox)
    {
        Answer answer = await host.GetAsync($"mailboxes/{mailbox}/test?steps=0");
        while (!(bool)answer.Json["isComplete"]!)
            answer = await host.GetAsync($"mailboxes/{mailbox}/test?steps={answer.Json["steps"]!.AsArray().Count}");
        return answer;
    }

    // The appliance does its work on its own time; each request is answered at its own pace, so this asks no faster than that.
    private static async Task<Answer> AwaitAsync(ApiHost host, string path, Func<Answer, bool> condition)
    {
        while (true)
        {
            Answer answer = await host.GetAsync(path);
            if (condition(answer))
                return answer;
            ApiHost.Timeout.ThrowIfCancellationRequested();
        }
    }
}
