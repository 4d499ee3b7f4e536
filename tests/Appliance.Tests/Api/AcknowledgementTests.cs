using System.Text.Json.Nodes;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Tests.Cli;
using EmailSync.Appliance.Tests.Store;

namespace EmailSync.Appliance.Tests.Api;

/// <summary>A consumer reads the feed, says what it has, and finds after a restart what it has not.</summary>
public sealed class AcknowledgementTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_consumer_acknowledges_one_by_one_or_many_at_once()
    {
        await using ApiHost host = await ApiHost.StartAsync();
        EmailId[] emails = await ReceiveAsync(host, 4);
        string token = await host.TokenAsync("application");

        Answer one = await host.SendAsync(HttpMethod.Post, $"emails/{emails[0]}/ack", client: host.Tcp, token: token);
        Answer again = await host.SendAsync(HttpMethod.Post, $"emails/{emails[0]}/ack", client: host.Tcp, token: token);
        Answer many = await host.PostAsync("emails/ack", new JsonObject { ["emails"] = new JsonArray($"{emails[0]}", $"{emails[2]}", "eml_999") });
        Answer rest = await host.GetAsync("emails?acknowledged=false");

        Assert.Equal((200, 200, 200), (one.Status, again.Status, many.Status));
        Assert.NotNull(one.String("acknowledgedAt"));
        Assert.Equal(one.String("acknowledgedAt"), again.String("acknowledgedAt"));
        Assert.Equal("""{"acknowledged":2,"unknown":["eml_999"]}""", many.Json.ToJsonString());
        Assert.Equal([$"{emails[1]}", $"{emails[3]}"], rest.Json["items"]!.AsArray().Select(item => (string?)item!["id"]));
    }

    [Theory]
    [InlineData("emails/eml_999/ack", null, 404)]
    [InlineData("emails/ack", """{"emails":[]}""", 422)]
    [InlineData("emails/ack", """{}""", 422)]
    [InlineData("emails/ack", """{"emails":["mbx_1"]}""", 422)]
    [InlineData("emails/ack", """{"ids":["eml_1"]}""", 400)]
    public async Task What_cannot_be_acknowledged_is_refused(string path, string? body, int status)
    {
        await using ApiHost host = await ApiHost.StartAsync();

        Assert.Equal(status, (await host.PostAsync(path, body is null ? null : JsonNode.Parse(body))).Status);
    }

    [Fact]
    public async Task An_outgoing_email_is_nothing_to_acknowledge()
    {
        await using ApiHost host = await ApiHost.StartAsync();
        MailboxId mailbox = await host.Store.AddMailboxAsync("ada@example.com", Cancel);
        EmailId sent = await host.Store.SubmitAsync(new(mailbox, "", ["b@example.com"]), Samples.Message("sent"), Cancel);

        Assert.Equal(422, (await host.PostAsync($"emails/{sent}/ack")).Status);
        Assert.Equal(422, (await host.GetAsync("emails?acknowledged=true")).Status);
    }

    [Fact]
    public async Task The_command_line_acknowledges_and_lists_what_is_not()
    {
        await using CliBench bench = await CliBench.StartAsync();
        EmailId[] emails = await ReceiveAsync(bench.Host, 2);

        CliRun run = await bench.RunAsync($"email ack {emails[0]}");
        CliRun rest = await bench.RunAsync("email list --acknowledged false --output json");

        Assert.Equal((0, $"{emails[0]}: acknowledged\n"), (run.ExitCode, run.Output));
        Assert.Equal($"{emails[1]}", Assert.Single(rest.Json.GetProperty("items").EnumerateArray()).GetProperty("id").GetString());
    }

    private static async Task<EmailId[]> ReceiveAsync(ApiHost host, int count)
    {
        MailboxId mailbox = await host.Store.AddMailboxAsync("ada@example.com", Cancel);
        List<EmailId> emails = [];
        for (int number = 0; number < count; number++)
            emails.Add(await host.Store.ReceiveAsync(mailbox, $"{number}", Samples.Message($"{number}"), Cancel));
        return [.. emails];
    }
}
