using System.Text.Json.Nodes;
using EmailSync.Appliance.Egress;
using EmailSync.Appliance.Tests.Api;
using EmailSync.Lab;

namespace EmailSync.Appliance.Tests.OAuth;

/// <summary>A mailbox that signs in by tokens, from its profile to the mail that it receives and sends.</summary>
public sealed class OAuthTests
{
    [Theory]
    [InlineData("client-credentials")]
    [InlineData("refresh-token")]
    public async Task A_mailbox_is_tested_and_enabled_by_access_tokens(string flow)
    {
        using LabCertificateAuthority authority = new();
        await using TokenEndpoint endpoint = await TokenEndpoint.StartAsync(authority);
        await using ApiHost host = await StartAsync(endpoint, authority);
        endpoint.Answer = n => (200, $$"""{"access_token":"{{host.Lab.Mailboxes[0].AccessToken}}","expires_in":3600}""");
        Answer profile = await host.PostAsync("profiles", ProfileInput(host, endpoint, flow));
        Assert.True(profile.Status == 201, profile.Text);
        JsonObject mailbox = host.MailboxInput();
        mailbox.Remove("password");
        mailbox["allowCredentialsForEmailProcessing"] = true;
        if (flow == "refresh-token")
            mailbox["refreshToken"] = "refresh-0";
        await host.PostAsync("mailboxes", mailbox);
        await host.PostAsync("mailboxes/mbx_1/approve");
        await host.PostAsync("mailboxes/mbx_1/test");
        Answer test = await host.GetAsync("mailboxes/mbx_1/test?steps=0");
        while (!(bool)test.Json["isComplete"]!)
            test = await host.GetAsync($"mailboxes/mbx_1/test?steps={test.Json["steps"]!.AsArray().Count}");

        Assert.True((test.String("incoming"), test.String("outgoing")) == ("success", "success"), test.Text);
        Assert.Equal(flow.Replace('-', '_'), Assert.Single(endpoint.Asked)["grant_type"]);
        Assert.Equal(flow == "refresh-token", (bool)(await host.GetAsync("mailboxes/mbx_1")).Json["isRefreshTokenSet"]!);
    }

    [Theory]
    [InlineData("http://login.example.com/token", "HTTPS")]
    [InlineData("https://login.example.com:8443/token", "8443")]
    [InlineData("https://user@login.example.com/token", "user")]
    [InlineData("https://169.254.169.254/token", "169.254.169.254")]
    [InlineData("token", "address")]
    public async Task A_token_endpoint_is_refused_where_the_policy_refuses_it(string address, string told)
    {
        await using ApiHost host = await ApiHost.StartAsync();
        JsonObject input = host.ProfileInput();
        input["incomingAuthenticationProtocol"] = "oauth";
        input["oauthClientId"] = "x";
        input["oauthTokenEndpoint"] = address;

        Answer refused = await host.PostAsync("profiles", input);

        Assert.Equal(["oauthTokenEndpoint"], refused.FaultyFields);
        Assert.Contains(told, refused.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task In_Gov_mode_tokens_are_asked_for_on_443_alone()
    {
        await using ApiHost host = await ApiHost.StartAsync(options => options with { GovMode = true, AdditionalPorts = [8443] });
        JsonObject input = new() { ["name"] = "x", ["incomingServerLocation"] = "mail.example.com", ["incomingAuthenticationProtocol"] = "oauth", ["oauthClientId"] = "x" };
        input["oauthTokenEndpoint"] = "https://login.example.com:8443/token";
        Assert.Equal(422, (await host.PostAsync("profiles", input)).Status);
        input["oauthTokenEndpoint"] = "https://login.example.com/token";
        Assert.Equal(201, (await host.PostAsync("profiles", input)).Status);
        for (int port = 1; port <= 65_535; port++)
            Assert.Equal(port == 443, EgressPolicy.Government().WhyNotHttps(new Uri($"https://login.example.com:{port}/")) is null);
    }

    [Fact]
    public async Task Another_token_endpoint_or_another_server_forgets_the_secrets()
    {
        using LabCertificateAuthority authority = new();
        await using TokenEndpoint endpoint = await TokenEndpoint.StartAsync(authority);
        await using ApiHost host = await StartAsync(endpoint, authority);
        await host.PostAsync("profiles", ProfileInput(host, endpoint, "client-credentials"));
        Assert.True((bool)(await host.GetAsync("profiles/lab")).Json["isOauthClientSecretSet"]!);

        Answer moved = await host.PatchAsync("profiles/lab", new JsonObject { ["oauthTokenEndpoint"] = $"https://localhost:{endpoint.Address.Port}/attacker" });
        Assert.Equal((200, false), (moved.Status, (bool)moved.Json["isOauthClientSecretSet"]!));
        await host.PatchAsync("profiles/lab", new JsonObject { ["oauthClientSecret"] = "again" });
        Answer elsewhere = await host.PatchAsync("profiles/lab", new JsonObject { ["incomingServerLocation"] = "attacker.example" });
        Assert.False((bool)elsewhere.Json["isOauthClientSecretSet"]!);
    }

    private static Task<ApiHost> StartAsync(TokenEndpoint endpoint, LabCertificateAuthority authority) => ApiHost.StartAsync(
        options => options with { AdditionalPorts = [.. options.AdditionalPorts, endpoint.Address.Port] },
        new() { Mailboxes = 2, MessagesPerMailbox = 3, Authority = authority });

    private static JsonObject ProfileInput(ApiHost host, TokenEndpoint endpoint, string flow)
    {
        JsonObject input = host.ProfileInput();
        input["incomingAuthenticationProtocol"] = "oauth";
        input["outgoingAuthenticationProtocol"] = "oauth";
        input["oauthTokenEndpoint"] = endpoint.Address.AbsoluteUri;
        input["oauthClientId"] = "client";
        input["oauthClientSecret"] = "shh";
        input["oauthFlow"] = flow;
        return input;
    }
}
