using System.Text.Json.Nodes;

namespace EmailSync.Appliance.Tests.Api;

/// <summary>Requests whose form is wrong, whatever they ask for: each is refused with a problem that says what, where and what to give instead.</summary>
public sealed class RequestFormTests
{
    [Theory, InlineData("abc"), InlineData("W/\"1\""), InlineData("\"1\", \"2\""), InlineData("\"\""), InlineData("-1"), InlineData("\"1.0\"")]
    public async Task An_If_Match_that_is_no_ETag_of_ours_is_named(string ifMatch)
    {
        await using ApiHost host = await ApiHost.StartAsync();
        await host.PostAsync("profiles", host.ProfileInput());
        await host.PostAsync("mailboxes", host.MailboxInput());

        foreach (string path in (string[])["profiles/lab", "mailboxes/mbx_1", "settings"])
        {
            Answer answer = await host.PatchAsync(path, new JsonObject(), ifMatch);
            Assert.Equal((400, "unreadable"), (answer.Status, answer.String("code")));
            Assert.Contains($"If-Match is '{ifMatch}'; give", answer.String("detail"), StringComparison.Ordinal);
        }

        Assert.Equal(400, (await host.SendAsync(HttpMethod.Delete, "mailboxes/mbx_1", ifMatch: ifMatch)).Status);
    }

    [Theory, InlineData("0"), InlineData("-1"), InlineData("1001")]
    public async Task A_page_has_1_to_1000_entries(string limit)
    {
        await using ApiHost host = await ApiHost.StartAsync();
        await host.PostAsync("tests", new JsonObject { ["mailboxes"] = new JsonArray() });

        foreach (string listing in (string[])["mailboxes", "emails", "alerts", "audit", "tokens", "tests/tst_1/results"])
        {
            Answer answer = await host.GetAsync($"{listing}?limit={limit}");
            Assert.Equal((422, "invalid"), (answer.Status, answer.String("code")));
            JsonNode fault = Assert.Single(answer.Json["errors"]!.AsArray())!;
            Assert.Equal(("limit", limit, true), ((string?)fault["field"], (string?)fault["value"], ((string)fault["remedy"]!).StartsWith("Give 1 to 1000", StringComparison.Ordinal)));
            Assert.Equal(200, (await host.GetAsync($"{listing}?limit=1000")).Status);
        }
    }

    [Fact]
    public async Task A_query_parameter_that_an_operation_does_not_have_is_refused_by_every_operation()
    {
        await using ApiHost host = await ApiHost.StartAsync();
        JsonObject paths = (await host.GetAsync("/openapi/v1.json")).Json["paths"]!.AsObject();
        int operations = 0;
        foreach ((string path, JsonNode? item) in paths.Where(path => path.Key.StartsWith("/api/", StringComparison.Ordinal)))
        {
            foreach ((string method, JsonNode? operation) in item!.AsObject())
            {
                string[] known = [.. operation!["parameters"]?.AsArray().Where(parameter => (string?)parameter!["in"] == "query").Select(parameter => (string)parameter!["name"]!) ?? []];
                Answer answer = await host.SendAsync(new(method.ToUpperInvariant()), System.Text.RegularExpressions.Regex.Replace(path, @"\{\w+\}", "x") + "?nonsense=1");
                Assert.True(answer.Status == 422 && answer.FaultyFields.SequenceEqual(["nonsense"]), $"{method} {path}: {answer.Status} {answer.Text}");
                Assert.All(known, name => Assert.Contains(name, (string)answer.Json["errors"]![0]!["remedy"]!, StringComparison.Ordinal));
                operations++;
            }
        }

        Assert.InRange(operations, 40, 200);
        Answer misspelt = await host.GetAsync("mailboxes?Kind=user&aproval=pending");
        Assert.Equal(["aproval"], misspelt.FaultyFields);
    }

    [Theory]
    [InlineData("profiles/%01"), InlineData("mailboxes/%01"), InlineData("profiles/a%7fb"), InlineData("profiles/%ff"), InlineData("profiles/%2f"), InlineData("profiles/%20")]
    [InlineData("profiles/%0d%0a"), InlineData("mailboxes/mbx_0"), InlineData("mailboxes/mbx_-1"), InlineData("emails/eml_1.0"), InlineData("tests/%01"), InlineData("tokens/%01")]
    public async Task An_id_that_nothing_can_have_is_answered_with_a_problem(string path)
    {
        await using ApiHost host = await ApiHost.StartAsync();

        Answer answer = await host.GetAsync(path);

        Assert.InRange(answer.Status, 400, 405);
        Assert.Contains(answer.String("code"), (string[])["not-found", "unreadable", "method-not-allowed"]);
        Assert.False(string.IsNullOrWhiteSpace(answer.String("detail")));
    }

    [Theory, InlineData("nobody"), InlineData("a@lab.example\u0001"), InlineData("")]
    public async Task A_recipient_that_is_refused_is_not_told_to_be_missing_too(string recipient)
    {
        await using ApiHost host = await ApiHost.StartAsync();
        await host.PostAsync("profiles", host.ProfileInput());
        await host.PostAsync("mailboxes", host.MailboxInput());
        JsonObject email = new() { ["mailbox"] = "mbx_1", ["subject"] = "x", ["to"] = new JsonArray(recipient) };

        JsonNode fault = Assert.Single((await host.PostAsync("emails", email)).Json["errors"]!.AsArray())!;
        Assert.Equal("to", (string?)fault["field"]);
        Assert.DoesNotContain("There is no recipient", fault.ToJsonString(), StringComparison.Ordinal);

        email["to"] = new JsonArray();
        fault = Assert.Single((await host.PostAsync("emails", email)).Json["errors"]!.AsArray())!;
        Assert.Contains("There is no recipient", fault.ToJsonString(), StringComparison.Ordinal);
    }

    /// <summary>The HTTP server takes no path with it, and answers before anything of ours could: with no document, and without harm.</summary>
    [Theory, InlineData("profiles/%00"), InlineData("mailboxes/a%00b")]
    public async Task A_NUL_in_a_path_is_refused_by_the_HTTP_server_itself(string path)
    {
        await using ApiHost host = await ApiHost.StartAsync();

        Assert.Equal((400, ""), ((await host.GetAsync(path)).Status, (await host.GetAsync(path)).Text));
        Assert.Equal(200, (await host.GetAsync("profiles")).Status);
    }
}
