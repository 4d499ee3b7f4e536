using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using EmailSync.Appliance.Api;
using Microsoft.Extensions.Time.Testing;

namespace EmailSync.Appliance.Tests.Api;

/// <summary>Who may call the API over TCP, and what for.</summary>
public sealed class AccessTests
{
    [Fact]
    public async Task A_token_is_shown_once_opens_the_API_and_is_deleted()
    {
        await using ApiHost host = await ApiHost.StartAsync();
        Answer created = await host.PostAsync("tokens", new JsonObject { ["name"] = "crm", ["role"] = "application" });
        string token = created.String("token");

        Assert.Equal((201, "crm", "application", "control socket"), (created.Status, created.String("name"), created.String("role"), created.String("createdBy")));
        Assert.Matches("^est_[0-9]+_[0-9a-f]{64}$", token);
        Assert.Equal(200, await StatusAsync(host, "GET", "emails", token));
        Answer listed = await host.GetAsync("tokens");
        Assert.DoesNotContain(token[^64..], listed.Text, StringComparison.Ordinal);
        Assert.Equal(["admin", "crm"], listed.Json["items"]!.AsArray().Select(item => (string)item!["name"]!));
        Assert.DoesNotContain(token[^64..], Encoding.Latin1.GetString(await File.ReadAllBytesAsync(Path.Combine(host.Folder, "emailsync.db"), ApiHost.Timeout)), StringComparison.Ordinal);
        Assert.DoesNotContain(token[^64..], Encoding.Latin1.GetString(await File.ReadAllBytesAsync(Path.Combine(host.Folder, "emailsync.db-wal"), ApiHost.Timeout)), StringComparison.Ordinal);

        Assert.Equal(204, (await host.DeleteAsync("tokens/crm")).Status);
        Assert.Equal(401, await StatusAsync(host, "GET", "emails", token));
        Assert.Equal(404, (await host.DeleteAsync("tokens/crm")).Status);
    }

    /// <summary>What each role may do; 403 is the only answer that means it may not.</summary>
    [Theory]
    [InlineData("GET", "emails", "application")]
    [InlineData("POST", "emails", "application")]
    [InlineData("GET", "emails/eml_1/raw", "application")]
    [InlineData("POST", "emails/eml_1/cancel", "application")]
    [InlineData("GET", "/openapi/v1.json", "application")]
    [InlineData("GET", "/metrics", "application")]
    [InlineData("GET", "status", "operator")]
    [InlineData("GET", "profiles", "operator")]
    [InlineData("POST", "profiles", "operator")]
    [InlineData("PATCH", "profiles/prf_1", "operator")]
    [InlineData("DELETE", "profiles/prf_1", "operator")]
    [InlineData("GET", "mailboxes", "operator")]
    [InlineData("POST", "mailboxes/mbx_1/approve", "operator")]
    [InlineData("GET", "alerts", "operator")]
    [InlineData("PATCH", "settings", "operator")]
    [InlineData("GET", "audit", "operator")]
    [InlineData("GET", "tokens", "admin")]
    [InlineData("POST", "tokens", "admin")]
    [InlineData("DELETE", "tokens/tok_1", "admin")]
    public async Task A_role_may_do_what_it_and_those_below_it_may(string method, string path, string least)
    {
        await using ApiHost host = await ApiHost.StartAsync();
        string[] roles = ["application", "operator", "admin"];
        foreach (string role in roles)
        {
            string token = role == "admin" ? host.Token : await host.TokenAsync(role);
            int status = await StatusAsync(host, method, path, token);
            bool mayNot = Array.IndexOf(roles, role) < Array.IndexOf(roles, least);
            // An admin's token over plain HTTP may make no token: that is the channel's doing.
            bool isChannel = (method, path, role) == ("POST", "tokens", "admin");
            Assert.True((status == 403) == (mayNot || isChannel), $"{role}: {status}");
        }
    }

    [Fact]
    public async Task An_operator_sets_everything_but_secrets_and_trust()
    {
        await using ApiHost host = await ApiHost.StartAsync(options => options with { AllowCredentialsEntryViaNonSecureChannels = true });
        string token = await host.TokenAsync("operator");
        JsonObject trusting = host.ProfileInput();
        JsonObject plain = host.ProfileInput();
        plain.Remove("trustedCertificates");
        Task<Answer> AskAsync(HttpMethod method, string path, JsonNode body) => host.SendAsync(method, path, body, "*", host.Tcp, token);

        Assert.Equal("forbidden", (await AskAsync(HttpMethod.Post, "profiles", trusting)).String("code"));
        Assert.Equal(201, (await AskAsync(HttpMethod.Post, "profiles", plain)).Status);
        Assert.Equal("forbidden", (await AskAsync(HttpMethod.Patch, "profiles/lab", new JsonObject { ["trustedCertificates"] = host.Lab.Authority.RootPem })).String("code"));
        Assert.Equal(200, (await AskAsync(HttpMethod.Patch, "profiles/lab", new JsonObject { ["description"] = "x" })).Status);
        Answer refused = await AskAsync(HttpMethod.Post, "mailboxes", host.MailboxInput());
        Assert.Equal("forbidden", refused.String("code"));
        Assert.Contains("A secret", refused.String("detail"), StringComparison.Ordinal);
        JsonObject withoutPassword = host.MailboxInput();
        withoutPassword.Remove("password");
        Assert.Equal(201, (await AskAsync(HttpMethod.Post, "mailboxes", withoutPassword)).Status);
    }

    [Fact]
    public async Task A_token_is_not_made_over_plain_HTTP()
    {
        await using ApiHost host = await ApiHost.StartAsync();
        Answer refused = await host.SendAsync(HttpMethod.Post, "tokens", new JsonObject { ["name"] = "x", ["role"] = "admin" }, client: host.Tcp, token: host.Token);
        Assert.Equal((403, "insecure-channel"), (refused.Status, refused.String("code")));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Bearer")]
    [InlineData("Bearer est_1_")]
    [InlineData("Bearer est_1_0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("Bearer est_99_0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("Bearer est_-1_00")]
    [InlineData("Bearer est_")]
    [InlineData("Basic YWRtaW46YWRtaW4=")]
    public async Task A_wrong_token_is_refused(string header)
    {
        await using ApiHost host = await ApiHost.StartAsync();
        using HttpRequestMessage request = new(HttpMethod.Get, "mailboxes");
        request.Headers.TryAddWithoutValidation("Authorization", header);
        using HttpResponseMessage response = await host.Tcp.SendAsync(request, ApiHost.Timeout);
        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal("Bearer", response.Headers.WwwAuthenticate.ToString());
    }

    [Fact]
    public async Task Many_wrong_tokens_are_slowed_down_and_a_right_one_is_not()
    {
        await using ApiHost host = await ApiHost.StartAsync();
        for (int i = 0; i < FailureLimit.Allowed; i++)
            Assert.Equal(401, await StatusAsync(host, "GET", "mailboxes", "est_1_x"));

        using HttpRequestMessage request = new(HttpMethod.Get, "mailboxes") { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", "est_1_x") } };
        using HttpResponseMessage response = await host.Tcp.SendAsync(request, ApiHost.Timeout);

        Assert.Equal(HttpStatusCode.TooManyRequests, response.StatusCode);
        Assert.InRange(response.Headers.RetryAfter!.Delta!.Value, TimeSpan.FromSeconds(1), FailureLimit.Window);
        Assert.Equal(200, await StatusAsync(host, "GET", "mailboxes", host.Token));
    }

    [Fact]
    public void The_limit_is_of_one_address_and_of_one_minute()
    {
        FakeTimeProvider clock = new();
        FailureLimit limit = new(clock);
        IPAddress one = IPAddress.Parse("192.0.2.1");
        for (int i = 0; i < FailureLimit.Allowed; i++)
            Assert.Null(limit.Count(one));
        clock.Advance(TimeSpan.FromSeconds(20));

        Assert.Equal(TimeSpan.FromSeconds(40), limit.Count(one));
        Assert.Null(limit.Count(IPAddress.Parse("192.0.2.2")));
        clock.Advance(TimeSpan.FromSeconds(40));
        Assert.Null(limit.Count(one));
    }

    [Theory]
    [InlineData("Host", "attacker.example", 421)]
    [InlineData("Host", "localhost.attacker.example", 421)]
    [InlineData("Host", "localhost", 200)]
    [InlineData("Origin", "https://attacker.example", 403)]
    [InlineData("Origin", "null", 403)]
    [InlineData("Origin", "http://localhost:5380", 200)]
    public async Task A_page_of_another_host_gets_nothing(string header, string value, int expected)
    {
        await using ApiHost host = await ApiHost.StartAsync();
        using HttpRequestMessage request = new(HttpMethod.Get, "mailboxes") { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", host.Token) } };
        request.Headers.TryAddWithoutValidation(header, value);
        using HttpResponseMessage response = await host.Tcp.SendAsync(request, ApiHost.Timeout);
        Assert.Equal(expected, (int)response.StatusCode);
    }

    [Fact]
    public async Task What_is_too_large_or_no_JSON_is_refused()
    {
        await using ApiHost host = await ApiHost.StartAsync();
        using HttpRequestMessage large = new(HttpMethod.Post, "profiles")
        {
            Content = new StringContent($"{{\"description\":\"{new string('x', 1024 * 1024)}\"}}", Encoding.UTF8, "application/json"),
            Headers = { ExpectContinue = true },
        };
        using HttpResponseMessage refused = await host.Socket.SendAsync(large, ApiHost.Timeout);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, refused.StatusCode);
        Assert.Contains("\"too-large\"", await refused.Content.ReadAsStringAsync(ApiHost.Timeout), StringComparison.Ordinal);

        await host.PostAsync("profiles", host.ProfileInput());
        using HttpRequestMessage request = new(HttpMethod.Patch, "profiles/lab") { Content = new StringContent("{}", Encoding.UTF8, "text/plain"), Headers = { IfMatch = { EntityTagHeaderValue.Any } } };
        using HttpResponseMessage response = await host.Socket.SendAsync(request, ApiHost.Timeout);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, response.StatusCode);
    }

    private static async Task<int> StatusAsync(ApiHost host, string method, string path, string token) =>
        (await host.SendAsync(new(method), path, method is "POST" or "PATCH" ? new JsonObject() : null, "*", host.Tcp, token)).Status;
}
