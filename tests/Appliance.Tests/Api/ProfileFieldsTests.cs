using System.Text.Json.Nodes;

namespace EmailSync.Appliance.Tests.Api;

/// <summary>The fields of a profile: what is filled in, what belongs together, and how far each goes.</summary>
public sealed class ProfileFieldsTests
{
    [Theory]
    [InlineData("incoming", "{}", 995, "implicit", true)]
    [InlineData("outgoing", "{}", 465, "implicit", true)]
    [InlineData("incoming", """{"incomingPort":110}""", 110, "starttls", true)]
    [InlineData("outgoing", """{"outgoingPort":587}""", 587, "starttls", true)]
    [InlineData("outgoing", """{"outgoingPort":25,"outgoingUseSsl":true}""", 25, "starttls", true)]
    [InlineData("incoming", """{"incomingUseSsl":false}""", 110, "none", false)]
    [InlineData("outgoing", """{"outgoingUseSsl":false}""", 25, "none", false)]
    [InlineData("outgoing", """{"outgoingUseSsl":false,"outgoingPort":587}""", 587, "none", false)]
    [InlineData("incoming", """{"incomingTlsMode":"starttls"}""", 110, "starttls", true)]
    [InlineData("outgoing", """{"outgoingTlsMode":"starttls"}""", 587, "starttls", true)]
    [InlineData("outgoing", """{"outgoingTlsMode":"starttls","outgoingUseSsl":true,"outgoingPort":25}""", 25, "starttls", true)]
    public async Task The_port_and_the_TLS_mode_follow_from_one_another(string side, string given, int port, string mode, bool usesSsl)
    {
        await using ApiHost host = await ApiHost.StartAsync();

        Answer answer = await host.PostAsync("profiles", With(new JsonObject { ["name"] = "p", [side + "ServerLocation"] = "mail.example.com" }, given));

        Assert.True(answer.Status == 201, answer.Text);
        Assert.Equal((port, mode, usesSsl), ((int)answer.Json[side + "Port"]!, answer.String(side + "TlsMode"), (bool)answer.Json[side + "UseSsl"]!));
    }

    [Theory]
    [InlineData("b\u00fccher.example", "xn--bcher-kva.example")]
    [InlineData("[2606:4700::1111]", "[2606:4700::1111]")]
    public async Task A_host_is_stored_as_it_is_spoken_to(string given, string stored)
    {
        await using ApiHost host = await ApiHost.StartAsync();

        Answer answer = await host.PostAsync("profiles", JsonNode.Parse($$"""{"name":"p","incomingServerLocation":"{{given}}"}"""));

        Assert.True(answer.Status == 201, answer.Text);
        Assert.Equal(stored, answer.String("incomingServerLocation"));
    }

    [Fact]
    public async Task Every_field_goes_as_far_as_it_says()
    {
        await using ApiHost host = await ApiHost.StartAsync();
        string longest = string.Join('.', Enumerable.Repeat(new string('h', 63), 4));
        JsonObject input = new()
        {
            ["name"] = new string('n', 100), ["description"] = new string('d', 2000), ["incomingServerLocation"] = longest[..253],
            ["incomingCredentialRetrieval"] = 1, ["incomingUserName"] = new string('u', 250), ["incomingPassword"] = new string('p', 250),
            ["minPollingIntervalInMinutes"] = 1440, ["maxConcurrentConnections"] = 300, ["connectionTimeoutSeconds"] = 600, ["commandTimeoutSeconds"] = 600,
        };
        Answer most = await host.PostAsync("profiles", input);
        Answer least = await host.PatchAsync("profiles/prf_1", new JsonObject
        {
            ["name"] = "n", ["description"] = "", ["minPollingIntervalInMinutes"] = 0, ["maxConcurrentConnections"] = 1, ["connectionTimeoutSeconds"] = 1, ["commandTimeoutSeconds"] = 1,
        });

        Assert.True(most.Status == 201, most.Text);
        Assert.Equal(("profile", true), (most.String("incomingCredentialRetrieval"), (bool)most.Json["isIncomingPasswordSet"]!));
        Assert.True(least.Status == 200, least.Text);
    }

    [Fact]
    public async Task Where_the_settings_are_shared_the_outgoing_ones_are_shown_as_those_of_incoming_and_follow_them()
    {
        await using ApiHost host = await ApiHost.StartAsync();
        JsonObject input = host.ProfileInput();
        (input["incomingCredentialRetrieval"], input["incomingUserName"], input["incomingAuthenticationProtocol"]) = ("profile", "master", "scram-sha-256");

        Answer created = await host.PostAsync("profiles", input);
        Answer changed = await host.PatchAsync("profiles/lab", new JsonObject { ["incomingAuthenticationProtocol"] = "plain" });
        Answer apart = await host.PatchAsync("profiles/lab", new JsonObject { ["useSameSettingsForOutgoing"] = false });
        Answer shared = await host.PatchAsync("profiles/lab", new JsonObject { ["useSameSettingsForOutgoing"] = true });

        Assert.Equal((201, "profile", "scram-sha-256"), Outgoing(created));
        Assert.Equal((200, "profile", "plain"), Outgoing(changed));
        Assert.Equal((200, "user-or-queue", "auto-detect"), Outgoing(apart));
        Assert.Equal((200, "profile", "plain"), Outgoing(shared));
    }

    [Theory]
    [InlineData("basic"), InlineData("plain"), InlineData("login"), InlineData("oauth")]
    public async Task A_mechanism_that_sends_the_secret_in_clear_is_refused_on_save_unless_the_deployment_allows_it(string mechanism)
    {
        JsonNode Input(string side) => new JsonObject
        {
            ["name"] = side, [side + "ServerLocation"] = "mail.example.com", [side + "TlsMode"] = "none", ["incomingAuthenticationProtocol"] = mechanism,
        };
        await using ApiHost strict = await ApiHost.StartAsync();
        await using ApiHost lenient = await ApiHost.StartAsync(options => options with { AllowBasicAuthenticationOnNonSecureChannel = true });

        foreach (string side in (string[])["incoming", "outgoing"])
        {
            Answer refused = await strict.PostAsync("profiles", Input(side));
            Assert.Equal((422, side + "TlsMode"), (refused.Status, Assert.Single(refused.FaultyFields)));
            Assert.Contains($"by {mechanism} would send the secret in clear", refused.Text, StringComparison.Ordinal);
            Answer admitted = await lenient.PostAsync("profiles", Input(side));
            Assert.True(admitted.Status == 201, admitted.Text);
        }
    }

    [Fact]
    public async Task The_choices_that_a_refusal_names_can_be_given()
    {
        await using ApiHost host = await ApiHost.StartAsync();

        Answer refused = await host.PostAsync("profiles", new JsonObject { ["name"] = "p", ["incomingAuthenticationProtocol"] = 77 });

        string remedy = (string)refused.Json["errors"]![0]!["remedy"]!;
        Assert.Equal("Give one of auto-detect, negotiate, ntlm, basic, oauth, apop, cram-md5, scram-sha-1, scram-sha-256, plain, login.", remedy);
        foreach (string choice in remedy["Give one of ".Length..^1].Split(", "))
        {
            Answer taken = await host.PostAsync("profiles", new JsonObject { ["name"] = choice, ["useSameSettingsForOutgoing"] = false, ["incomingAuthenticationProtocol"] = choice });
            Assert.True(taken.Status == 201, taken.Text);
        }
    }

    private static (int, string, string) Outgoing(Answer answer) =>
        (answer.Status, answer.String("outgoingCredentialRetrieval"), answer.String("outgoingAuthenticationProtocol"));

    private static JsonObject With(JsonObject input, string given)
    {
        foreach ((string name, JsonNode? value) in JsonNode.Parse(given)!.AsObject())
            input[name] = value?.DeepClone();
        return input;
    }
}
