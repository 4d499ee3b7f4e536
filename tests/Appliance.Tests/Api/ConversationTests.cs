using System.Text;
using System.Text.Json.Nodes;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Tests.Cli;
using EmailSync.Appliance.Tests.Store;

namespace EmailSync.Appliance.Tests.Api;

/// <summary>What belongs together, as an application and an administrator see it.</summary>
public sealed class ConversationTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_answer_through_the_api_belongs_to_the_question_and_both_are_listed()
    {
        await using CliBench bench = await (await CliBench.StartAsync()).WithMailboxAsync();
        EmailId question = await ReceiveAsync(bench.Host, "Message-ID: <q@x>");
        await ReceiveAsync(bench.Host, "Message-ID: <other@x>");

        Answer answer = await SendAsync(bench.Host, "Re: Invoice", inReplyTo: "<q@x>");
        Answer listed = await bench.Host.GetAsync($"emails?conversation={question}&limit=1");
        Answer rest = await bench.Host.GetAsync($"emails?conversation={question}&after={listed.String("next")}");
        CliRun byCommand = await bench.RunAsync($"email list --conversation {question} --output json");
        CliRun shown = await bench.RunAsync($"email show {answer.String("id")} --output json");

        Assert.Equal($"{question}", answer.String("conversation"));
        Assert.Equal([$"{question}"], Ids(listed));
        Assert.Equal([answer.String("id")], Ids(rest));
        Assert.Equal([$"{question}", answer.String("id")], byCommand.Json.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("id").GetString()));
        Assert.Equal($"{question}", shown.Json.GetProperty("conversation").GetString());
        Assert.Equal(400, (await bench.Host.GetAsync("emails?conversation=mbx_1")).Status);
    }

    [Fact]
    public async Task Composed_emails_have_no_token_unless_the_settings_say_so()
    {
        await using ApiHost host = (await (await CliBench.StartAsync()).WithMailboxAsync()).Host;

        Assert.Equal("Invoice", (await SendAsync(host, "Invoice")).String("subject"));
        await host.PatchAsync("settings", new JsonObject { ["useTrackingTokens"] = true });
        Answer first = await SendAsync(host, "Invoice", key: "k");
        Answer second = await SendAsync(host, "Grüße");
        Answer raw = await SendRawAsync(host, "Subject: Invoice");
        Answer again = await SendAsync(host, "Invoice", key: "k");
        Answer carried = await SendAsync(host, "Re: Invoice CRM:0000001");
        Answer answered = await SendRawAsync(host, "Subject: AW: Invoice CRM:0000001");

        Assert.Equal("Invoice CRM:0000001", first.String("subject"));
        Assert.Equal(2, TrackingToken.Find(second.String("subject")));
        Assert.Equal("Invoice", raw.String("subject"));
        Assert.Equal(first.String("id"), again.String("id"));
        Assert.Equal(("Re: Invoice CRM:0000001", first.String("id")), (carried.String("subject"), carried.String("conversation")));
        Assert.Equal(first.String("id"), answered.String("conversation"));
        Assert.Equal(raw.String("id"), raw.String("conversation"));
    }

    [Fact]
    public async Task The_command_line_s_emails_have_a_token_too()
    {
        await using CliBench bench = await (await CliBench.StartAsync()).WithMailboxAsync();
        CliRun set = await bench.RunAsync("settings update --use-tracking-tokens true");
        Assert.True(set.ExitCode == 0, set.Error);

        CliRun sent = await bench.RunAsync("email", "send", "--mailbox", bench.Address, "--to", "b@example.com", "--subject", "Invoice", "--output", "json");

        Assert.Equal("Invoice CRM:0000001", sent.Json.GetProperty("subject").GetString());
        EmailId answer = await ReceiveAsync(bench.Host, "Subject: Re: Invoice CRM:0000001");
        Assert.Equal(sent.Json.GetProperty("id").GetString(), $"{(await bench.Host.Store.Emails.FindAsync(answer, Cancel))!.Conversation}");
    }

    private static IEnumerable<string?> Ids(Answer page) => page.Json["items"]!.AsArray().Select(item => (string?)item!["id"]);

    private static Task<EmailId> ReceiveAsync(ApiHost host, string field) =>
        host.Store.ReceiveAsync(new(1), Guid.NewGuid().ToString(), Encoding.ASCII.GetBytes($"{field}\r\n\r\n"), Cancel);

    private static async Task<Answer> SendAsync(ApiHost host, string subject, string? inReplyTo = null, string? key = null)
    {
        JsonObject email = new()
        {
            ["mailbox"] = "mbx_1", ["to"] = new JsonArray("b@example.com"), ["subject"] = subject, ["text"] = "x", ["sendAt"] = "2999-01-01T00:00:00Z",
        };
        if (inReplyTo is not null)
            email["inReplyTo"] = inReplyTo;
        using StringContent content = new(email.ToJsonString(), Encoding.UTF8, "application/json");
        return await PostAsync(host, "emails", content, key);
    }

    private static async Task<Answer> SendRawAsync(ApiHost host, string field)
    {
        using StringContent content = new($"{field}\r\n\r\nx\r\n", Encoding.UTF8, "message/rfc822");
        return await PostAsync(host, "emails/raw?mailbox=mbx_1&to=b@example.com&sendAt=2999-01-01T00:00:00Z", content, key: null);
    }

    private static async Task<Answer> PostAsync(ApiHost host, string path, HttpContent content, string? key)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, path) { Content = content };
        if (key is not null)
            request.Headers.Add("Idempotency-Key", key);
        using HttpResponseMessage response = await host.Socket.SendAsync(request, Cancel);
        string text = await response.Content.ReadAsStringAsync(Cancel);
        Assert.True(response.IsSuccessStatusCode, text);
        return new((int)response.StatusCode, text, JsonNode.Parse(text)!.AsObject(), null, null);
    }
}
