using System.Text.Json.Nodes;

namespace EmailSync.Appliance.Tests.Api;

public sealed class ProfilesApiTests
{
    [Fact]
    public async Task Ports_and_TLS_mode_are_filled_in_and_shown()
    {
        await using ApiHost host = await ApiHost.StartAsync();

        Answer answer = await host.PostAsync("profiles", new JsonObject
        {
            ["name"] = "Example",
            ["incomingServerLocation"] = "POP.Example.com.",
            ["outgoingServerLocation"] = "smtp.example.com",
            ["outgoingPort"] = 587,
        });

        Assert.Equal(201, answer.Status);
        Assert.Equal("\"1\"", answer.ETag);
        Assert.Equal("/api/v1/profiles/prf_1", answer.Location);
        Assert.Equal(("pop.example.com", 995, "implicit"), (answer.String("incomingServerLocation"), (int)answer.Json["incomingPort"]!, answer.String("incomingTlsMode")));
        Assert.Equal(("smtp.example.com", 587, "starttls"), (answer.String("outgoingServerLocation"), (int)answer.Json["outgoingPort"]!, answer.String("outgoingTlsMode")));
        Assert.Equal(
            ("pop3-smtp", "user-or-queue", "auto-detect", "active", "resend"),
            (answer.String("serverType"), answer.String("incomingCredentialRetrieval"), answer.String("incomingAuthenticationProtocol"), answer.String("state"), answer.String("whenUncertain")));
        Assert.Equal((5, 10, 30, 120), ((int)answer.Json["minPollingIntervalInMinutes"]!, (int)answer.Json["maxConcurrentConnections"]!,
            (int)answer.Json["connectionTimeoutSeconds"]!, (int)answer.Json["commandTimeoutSeconds"]!));
    }

    public static TheoryData<string, string, string> Faults => new()
    {
        { "name", """{"name":null}""", "name" },
        { "name", """{"name":"  "}""", "name" },
        { "a name of 101 characters", $$"""{"name":"{{new string('n', 101)}}"}""", "name" },
        { "a description of 2001 characters", $$"""{"description":"{{new string('d', 2001)}}"}""", "description" },
        { "a host of 254 characters", $$"""{"incomingServerLocation":"{{string.Join('.', Enumerable.Repeat(new string('h', 50), 5))}}"}""", "incomingServerLocation" },
        { "scheme", """{"incomingServerLocation":"https://pop.example.com"}""", "incomingServerLocation" },
        { "port inside", """{"incomingServerLocation":"pop.example.com:995"}""", "incomingServerLocation" },
        { "port 0", """{"incomingPort":0}""", "incomingPort" },
        { "port 65536", """{"outgoingPort":65536}""", "outgoingPort" },
        { "a port that the policy does not admit", """{"incomingPort":22}""", "incomingPort" },
        { "no TLS", """{"incomingUseSsl":false}""", "incomingPort" },
        { "contradiction", """{"incomingUseSsl":false,"incomingTlsMode":"implicit"}""", "incomingUseSsl" },
        { "anonymous POP3", """{"incomingCredentialRetrieval":"anonymous"}""", "incomingCredentialRetrieval" },
        { "integrated POP3", """{"incomingCredentialRetrieval":3}""", "incomingCredentialRetrieval" },
        { "POP3 by Windows Integrated", """{"incomingCredentialRetrieval":"windows-integrated"}""", "incomingCredentialRetrieval" },
        { "Windows Integrated with the settings of incoming", """{"outgoingCredentialRetrieval":"windows-integrated"}""", "outgoingCredentialRetrieval" },
        { "Windows Integrated by PLAIN", """{"outgoingCredentialRetrieval":"windows-integrated","useSameSettingsForOutgoing":false,"outgoingAuthenticationProtocol":"plain"}""", "outgoingAuthenticationProtocol" },
        { "tokens that nothing asks for", """{"oauthTokenEndpoint":"https://login.example.com/token","oauthClientId":"x"}""", "oauthTokenEndpoint" },
        { "tokens without a client", """{"oauthTokenEndpoint":"https://login.example.com/token","incomingAuthenticationProtocol":"oauth"}""", "oauthClientId" },
        { "anonymous SMTP", """{"outgoingCredentialRetrieval":"anonymous"}""", "outgoingCredentialRetrieval" },
        { "user name with user credentials", """{"incomingUserName":"x"}""", "incomingUserName" },
        { "profile credentials without user name", """{"incomingCredentialRetrieval":"profile"}""", "incomingUserName" },
        { "another outgoing password", """{"incomingCredentialRetrieval":"profile","incomingUserName":"x","outgoingCredentialRetrieval":"profile","outgoingUserName":"x","outgoingPassword":"y"}""", "outgoingPassword" },
        { "another outgoing user", """{"incomingCredentialRetrieval":"profile","incomingUserName":"x","outgoingUserName":"y"}""", "outgoingUserName" },
        { "outgoing credentials of another kind", """{"outgoingCredentialRetrieval":"profile"}""", "outgoingCredentialRetrieval" },
        { "another outgoing mechanism", """{"incomingAuthenticationProtocol":"scram-sha-256","outgoingAuthenticationProtocol":"plain"}""", "outgoingAuthenticationProtocol" },
        { "password with user credentials", """{"incomingPassword":"x"}""", "incomingPassword" },
        { "a user name of 251 characters", $$"""{"incomingCredentialRetrieval":"profile","incomingUserName":"{{new string('u', 251)}}"}""", "incomingUserName" },
        { "a password of 251 characters", $$"""{"incomingCredentialRetrieval":"profile","incomingUserName":"x","incomingPassword":"{{new string('p', 251)}}"}""", "incomingPassword" },
        { "credentials of a number that there is not", """{"incomingCredentialRetrieval":2}""", "incomingCredentialRetrieval" },
        { "a mechanism of a number that there is not", """{"incomingAuthenticationProtocol":5}""", "incomingAuthenticationProtocol" },
        { "negative interval", """{"minPollingIntervalInMinutes":-1}""", "minPollingIntervalInMinutes" },
        { "no connections", """{"maxConcurrentConnections":0}""", "maxConcurrentConnections" },
        { "no time to connect", """{"connectionTimeoutSeconds":0}""", "connectionTimeoutSeconds" },
        { "too much time to connect", """{"connectionTimeoutSeconds":601}""", "connectionTimeoutSeconds" },
        { "no time to answer", """{"commandTimeoutSeconds":0}""", "commandTimeoutSeconds" },
        { "too much time to answer", """{"commandTimeoutSeconds":601}""", "commandTimeoutSeconds" },
        { "interval", """{"minPollingIntervalInMinutes":1441}""", "minPollingIntervalInMinutes" },
        { "connections", """{"maxConcurrentConnections":301}""", "maxConcurrentConnections" },
        { "server type", """{"serverType":"imap-smtp"}""", "serverType" },
        { "certificates", """{"trustedCertificates":"no PEM"}""", "trustedCertificates" },
        { "a pin that is none", """{"trustedCertificates":"sha256/AAAA"}""", "trustedCertificates" },
        { "owner", """{"ownerEmailAddress":"nobody"}""", "ownerEmailAddress" },
        { "state", """{"state":7}""", "state" },
        { "password with a line end", """{"incomingCredentialRetrieval":"profile","incomingUserName":"x","incomingPassword":"a\r\nDELE 1"}""", "incomingPassword" },
        { "a mechanism that cannot act for another", """{"incomingCredentialRetrieval":"profile","incomingUserName":"x","incomingAuthenticationProtocol":"login"}""", "incomingAuthenticationProtocol" },
        { "APOP for SMTP", """{"useSameSettingsForOutgoing":false,"outgoingAuthenticationProtocol":"apop"}""", "outgoingAuthenticationProtocol" },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task A_fault_names_its_field_and_the_remedy(string fault, string change, string field)
    {
        await using ApiHost host = await ApiHost.StartAsync(options => options with { AllowNonSslEmail = false });
        JsonObject input = host.ProfileInput();
        foreach ((string name, JsonNode? value) in JsonNode.Parse(change)!.AsObject())
            input[name] = value?.DeepClone();

        Answer answer = await host.PostAsync("profiles", input);

        Assert.True(answer.Status == 422, $"{fault}: {answer.Text}");
        Assert.Equal("invalid", answer.String("code"));
        Assert.Contains(field, answer.FaultyFields);
        Assert.All(answer.Json["errors"]!.AsArray(), error => Assert.NotEmpty((string)error!["remedy"]!));
        Assert.Empty((await host.GetAsync("profiles")).Json["items"]!.AsArray());
    }

    [Fact]
    public async Task All_faults_are_told_at_once()
    {
        await using ApiHost host = await ApiHost.StartAsync();

        Answer answer = await host.PostAsync("profiles", new JsonObject
        {
            ["name"] = "",
            ["incomingServerLocation"] = "a b",
            ["maxConcurrentConnections"] = 0,
            ["ownerEmailAddress"] = "x",
        });

        Assert.Equal(["incomingServerLocation", "maxConcurrentConnections", "name", "ownerEmailAddress"], answer.FaultyFields.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("""{"name":"x","tls":false}""", "tls")]
    [InlineData("""{"name":"x","name":"y"}""", "name")]
    [InlineData("""{"name":""", "")]
    [InlineData("""{"name":{"a":{"b":{"c":{"d":{"e":{"f":{"g":{"h":{"i":{"j":{"k":{"l":{"m":{"n":{"o":{"p":1}}}}}}}}}}}}}}}}}""", "")]
    public async Task Unknown_repeated_broken_and_deep_JSON_is_refused(string json, string named)
    {
        await using ApiHost host = await ApiHost.StartAsync();
        using StringContent content = new(json, System.Text.Encoding.UTF8, "application/json");
        using HttpResponseMessage response = await host.Socket.PostAsync("profiles", content, ApiHost.Timeout);
        string text = await response.Content.ReadAsStringAsync(ApiHost.Timeout);

        Assert.Equal(400, (int)response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
        Assert.Contains(named, text, StringComparison.Ordinal);
        Assert.DoesNotContain("EmailSync.Appliance", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task In_Gov_mode_a_profile_is_refused_on_save_unless_it_is_implicit_TLS_on_the_two_ports()
    {
        await using ApiHost host = await ApiHost.StartAsync(options => options with { GovMode = true });

        foreach ((string side, int port, string mode) in ((string, int, string)[])
            [("incoming", 110, "starttls"), ("incoming", 110, "none"), ("incoming", 995, "starttls"), ("incoming", 993, "implicit"),
             ("outgoing", 587, "starttls"), ("outgoing", 25, "starttls"), ("outgoing", 25, "none"), ("outgoing", 465, "starttls"), ("outgoing", 995, "implicit")])
        {
            Answer refused = await host.PostAsync("profiles", new JsonObject
            {
                ["name"] = "x", [side + "ServerLocation"] = "mail.example.com", [side + "Port"] = port, [side + "TlsMode"] = mode,
            });
            Assert.True(refused.Status == 422 && refused.FaultyFields.Contains(side + "Port"), $"{side} {port} {mode}: {refused.Text}");
        }

        Answer admitted = await host.PostAsync("profiles", new JsonObject
        {
            ["name"] = "x", ["incomingServerLocation"] = "mail.example.com", ["outgoingServerLocation"] = "mail.example.com",
        });
        Assert.Equal((201, 995, 465), (admitted.Status, (int)admitted.Json["incomingPort"]!, (int)admitted.Json["outgoingPort"]!));
    }

    [Fact]
    public async Task A_change_needs_the_version_that_was_read()
    {
        await using ApiHost host = await ApiHost.StartAsync();
        await host.PostAsync("profiles", host.ProfileInput());

        Assert.Equal((428, "precondition-required"), Kind(await host.PatchAsync("profiles/lab", new JsonObject { ["description"] = "x" }, ifMatch: null)));
        Answer changed = await host.PatchAsync("profiles/lab", new JsonObject { ["description"] = "x" }, "\"1\"");
        Assert.Equal((200, "\"2\"", "x"), (changed.Status, changed.ETag, changed.String("description")));
        Assert.Equal((412, "version-conflict"), Kind(await host.PatchAsync("profiles/lab", new JsonObject { ["description"] = "y" }, "\"1\"")));
        Assert.Equal(200, (await host.PatchAsync("profiles/prf_1", new JsonObject { ["description"] = null })).Status);
        Assert.Equal("", (await host.GetAsync("profiles/lab")).String("description"));
    }

    [Fact]
    public async Task A_deletion_and_an_approval_heed_the_version_where_one_is_named()
    {
        await using ApiHost host = await ApiHost.StartAsync();
        await host.PostAsync("profiles", host.ProfileInput());
        await host.PostAsync("mailboxes", host.MailboxInput());

        Assert.Equal((412, "version-conflict"), Kind(await host.SendAsync(HttpMethod.Post, "mailboxes/mbx_1/approve", ifMatch: "\"7\"")));
        Assert.Equal(200, (await host.SendAsync(HttpMethod.Post, "mailboxes/mbx_1/approve", ifMatch: "\"1\"")).Status);
        Assert.Equal((412, "version-conflict"), Kind(await host.SendAsync(HttpMethod.Delete, "mailboxes/mbx_1", ifMatch: "\"1\"")));
        Assert.Equal(204, (await host.SendAsync(HttpMethod.Delete, "mailboxes/mbx_1", ifMatch: "\"2\"")).Status);
        Assert.Equal((412, "version-conflict"), Kind(await host.SendAsync(HttpMethod.Delete, "profiles/lab", ifMatch: "\"9\"")));
        Assert.Equal(204, (await host.SendAsync(HttpMethod.Delete, "profiles/lab", ifMatch: "\"1\"")).Status);
    }

    [Fact]
    public async Task The_TLS_mode_brings_its_port_along()
    {
        await using ApiHost host = await ApiHost.StartAsync();
        await host.PostAsync("profiles", new JsonObject { ["name"] = "p", ["incomingServerLocation"] = "pop.example.com" });

        Answer changed = await host.PatchAsync("profiles/p", new JsonObject { ["incomingTlsMode"] = "starttls" });

        Assert.Equal((110, "starttls"), ((int)changed.Json["incomingPort"]!, changed.String("incomingTlsMode")));
    }

    [Theory]
    [InlineData("""{"Name":"a"}""", 400, "'Name' is not a field")]
    [InlineData("""{"name":"a","incomingPort":"995"}""", 400, "incomingPort")]
    [InlineData("null", 400, "a JSON object is expected")]
    [InlineData("""{"name":"a","state":7}""", 422, "Give one of active, inactive.")]
    [InlineData("""{"name":"a","incomingCredentialRetrieval":3}""", 422, "windows-integrated")]
    public async Task What_is_not_written_as_documented_is_refused_in_the_words_of_the_documentation(string body, int status, string told)
    {
        await using ApiHost host = await ApiHost.StartAsync();
        using StringContent content = new(body, System.Text.Encoding.UTF8, "application/json");

        using HttpResponseMessage answer = await host.Socket.PostAsync("profiles", content, TestContext.Current.CancellationToken);

        Assert.Equal(status, (int)answer.StatusCode);
        string text = JsonNode.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!.ToString();
        Assert.Contains(told, System.Text.RegularExpressions.Regex.Unescape(text), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("mailboxes?limit=abc", "'abc' is no value for limit.")]
    [InlineData("emails?state=weird", "'weird' is no value for state.")]
    [InlineData("emails/eml_99999999999999999999", "'eml_99999999999999999999' is no value for email.")]
    public async Task A_value_that_a_query_or_a_path_cannot_have_is_named_without_our_types(string path, string told)
    {
        await using ApiHost host = await ApiHost.StartAsync();

        Answer answer = await host.GetAsync(path);

        Assert.Equal((400, told), (answer.Status, answer.String("detail")));
    }

    [Fact]
    public async Task Names_are_unique_and_a_profile_in_use_stays()
    {
        await using ApiHost host = await ApiHost.StartAsync();
        await host.PostAsync("profiles", host.ProfileInput());
        Assert.Equal((409, "duplicate"), Kind(await host.PostAsync("profiles", host.ProfileInput("LAB"))));

        await host.PostAsync("mailboxes", host.MailboxInput());
        Answer refused = await host.DeleteAsync("profiles/lab");
        Assert.Equal((409, "in-use"), Kind(refused));
        Assert.Equal("user0001@lab.example", (string?)Assert.Single(refused.Json["errors"]!.AsArray())!["value"]);

        await host.DeleteAsync("mailboxes/user0001@lab.example");
        await host.PatchAsync("settings", new JsonObject { ["defaultProfile"] = "lab" });
        Answer isDefault = await host.DeleteAsync("profiles/lab");
        Assert.Equal((422, "invalid"), Kind(isDefault));
        Assert.Contains("default profile", isDefault.Text, StringComparison.Ordinal);
        await host.PatchAsync("settings", new JsonObject { ["defaultProfile"] = null });
        Assert.Equal(204, (await host.DeleteAsync("profiles/lab")).Status);
        Assert.Equal((404, "not-found"), Kind(await host.GetAsync("profiles/lab")));
    }

    [Fact]
    public async Task A_05_moving_to_another_server_forgets_the_passwords_and_asks_for_a_new_approval()
    {
        await using ApiHost host = await ApiHost.StartAsync();
        await host.PostAsync("profiles", host.ProfileInput());
        await host.PostAsync("mailboxes", host.MailboxInput());
        await host.PostAsync("mailboxes/mbx_1/approve");

        await host.PatchAsync("profiles/lab", new JsonObject { ["incomingServerLocation"] = "attacker.example" });

        Answer mailbox = await host.GetAsync("mailboxes/mbx_1");
        Assert.Equal(("pending", false), (mailbox.String("approval"), (bool)mailbox.Json["isPasswordSet"]!));
    }

    [Fact]
    public async Task Windows_Integrated_and_an_anonymous_relay_are_for_sending_alone()
    {
        await using ApiHost host = await ApiHost.StartAsync(options => options with { AllowAnonymousSmtp = true });
        foreach (string retrieval in (string[])["windows-integrated", "anonymous"])
        {
            JsonObject input = host.ProfileInput(retrieval);
            input["outgoingCredentialRetrieval"] = retrieval;
            input["useSameSettingsForOutgoing"] = false;
            Answer created = await host.PostAsync("profiles", input);
            Assert.True(created.Status == 201, created.Text);
        }
    }

    [Fact]
    public async Task Sharing_the_incoming_password_with_the_outgoing_server_needs_it_anew()
    {
        await using ApiHost host = await ApiHost.StartAsync();
        JsonObject input = host.ProfileInput();
        (input["useSameSettingsForOutgoing"], input["incomingCredentialRetrieval"], input["incomingUserName"], input["incomingPassword"]) = (false, "profile", "master", "secret");
        await host.PostAsync("profiles", input);

        Answer shared = await host.PatchAsync("profiles/lab", new JsonObject { ["useSameSettingsForOutgoing"] = true });

        Assert.Equal((200, false), (shared.Status, (bool)shared.Json["isIncomingPasswordSet"]!));
    }

    private static (int, string) Kind(Answer answer) => (answer.Status, answer.String("code"));
}
