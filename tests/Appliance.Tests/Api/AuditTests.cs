using System.Text.Json.Nodes;
using EmailSync.Appliance.Api.Contracts;

namespace EmailSync.Appliance.Tests.Api;

/// <summary>Every change is written down, with who, when and what, and without any secret.</summary>
public sealed class AuditTests
{
    private const string Canary = "Canary-7f3e";

    [Fact]
    public async Task A_change_is_written_down_with_who_and_what()
    {
        await using ApiHost host = await ApiHost.StartAsync();
        await host.PostAsync("profiles", host.ProfileInput());
        JsonObject mailbox = host.MailboxInput();
        mailbox["password"] = Canary;
        await host.PostAsync("mailboxes", mailbox);
        await host.SendAsync(HttpMethod.Post, "mailboxes/mbx_1/approve", client: host.Tcp, token: host.Token);
        await host.GetAsync("mailboxes");

        Answer log = await host.GetAsync("audit");

        List<JsonNode?> entries = [.. log.Json["items"]!.AsArray()];
        Assert.Equal(
            ["POST /api/v1/mailboxes/{mailbox}/approve", "POST /api/v1/mailboxes/", "POST /api/v1/profiles/", "POST /api/v1/tokens/"],
            entries.Select(entry => (string)entry!["action"]!));
        Assert.Equal(["admin (tok_1)", "control socket", "control socket", "control socket"], entries.Select(entry => (string)entry!["who"]!));
        Assert.Equal("/api/v1/mailboxes/mbx_1", (string)entries[1]!["subject"]!);
        Assert.Equal((201, "***", host.Lab.Mailboxes[0].Address), ((int)entries[1]!["outcome"]!, (string)entries[1]!["fields"]!["password"]!, (string)entries[1]!["fields"]!["emailAddress"]!));
        Assert.DoesNotContain(Canary, log.Text, StringComparison.Ordinal);
        Assert.True(DateTimeOffset.UtcNow - DateTimeOffset.Parse((string)entries[0]!["at"]!, System.Globalization.CultureInfo.InvariantCulture) < TimeSpan.FromMinutes(5));
    }

    [Fact]
    public async Task A_refused_change_is_written_down_without_what_was_given()
    {
        await using ApiHost host = await ApiHost.StartAsync();
        Answer refused = await host.PostAsync("mailboxes", new JsonObject { ["emailAddress"] = "a@example.com", ["pasword"] = Canary });
        Assert.Equal(400, refused.Status);

        Answer log = await host.GetAsync("audit?limit=1");

        JsonNode entry = log.Json["items"]![0]!;
        Assert.Equal(400, (int)entry["outcome"]!);
        Assert.Null(entry["fields"]);
        Assert.DoesNotContain(Canary, log.Text, StringComparison.Ordinal);
        Assert.Equal((string)entry["id"]!, log.String("next"));
    }

    /// <summary>The email is its own record: what stands in it is not in the log a second time.</summary>
    [Fact]
    public async Task Submissions_cancels_and_acknowledgements_are_written_down_with_the_email_that_they_were_of()
    {
        await using ApiHost host = await ApiHost.StartAsync();
        await host.PostAsync("profiles", host.ProfileInput());
        await host.PostAsync("mailboxes", host.MailboxInput());
        JsonObject email = new()
        {
            ["mailbox"] = "mbx_1", ["to"] = new JsonArray("a@example.com"), ["subject"] = "s", ["text"] = Canary,
            ["sendAt"] = DateTimeOffset.UtcNow.AddDays(1).ToString("O"),
        };
        Answer sent = await host.PostAsync("emails", email);
        Assert.Equal(202, sent.Status);
        string id = sent.String("id")!;
        await host.PostAsync($"emails/{id}/cancel", new JsonObject());
        Assert.Equal(200, (await host.PostAsync("emails/ack", new JsonObject { ["emails"] = new JsonArray("eml_77") })).Status);

        Answer log = await host.GetAsync("audit");

        List<JsonNode?> entries = [.. log.Json["items"]!.AsArray().Take(3)];
        Assert.Equal(
            ["POST /api/v1/emails/ack", "POST /api/v1/emails/{email}/cancel", "POST /api/v1/emails/"],
            entries.Select(entry => (string)entry!["action"]!));
        Assert.Equal(["/api/v1/emails/ack", $"/api/v1/emails/{id}/cancel", $"/api/v1/emails/{id}"], entries.Select(entry => (string)entry!["subject"]!));
        Assert.Equal("eml_77", (string)entries[0]!["fields"]!["emails"]![0]!);
        Assert.Null(entries[2]!["fields"]);
        Assert.DoesNotContain(Canary, log.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reading_and_strangers_leave_no_entry()
    {
        await using ApiHost host = await ApiHost.StartAsync();
        await host.SendAsync(HttpMethod.Post, "profiles", new JsonObject(), client: host.Tcp);
        await host.GetAsync("profiles");
        Assert.Single((await host.GetAsync("audit")).Json["items"]!.AsArray());
    }

    /// <summary>What is masked goes by names: so every input that takes a secret must name it so.</summary>
    [Fact]
    public void Every_secret_of_the_contracts_is_named_like_one()
    {
        string[] secrets = [.. new[] { ContractJson.Contract.ProfileInput.Properties, ContractJson.Contract.MailboxInput.Properties, ContractJson.Contract.TokenContract.Properties }
            .SelectMany(properties => properties).Select(property => property.Name).Where(SecretFields.IsOne)];
        Assert.Equal(["incomingPassword", "outgoingPassword", "oauthClientSecret", "oauthRefreshToken", "password", "refreshToken", "token"], secrets);

        JsonNode node = JsonNode.Parse("""{"a":[{"password":"x","incomingPassword":null}],"clientSecret":"x","refreshToken":"x","isPasswordSet":true}""")!;
        SecretFields.Mask(node);
        Assert.Equal("""{"a":[{"password":"***","incomingPassword":null}],"clientSecret":"***","refreshToken":"***","isPasswordSet":true}""", node.ToJsonString());
    }
}
