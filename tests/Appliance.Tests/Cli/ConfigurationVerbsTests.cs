using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using EmailSync.Appliance.Tests.Api;

namespace EmailSync.Appliance.Tests.Cli;

/// <summary><c>emailsync export</c>, <c>emailsync apply</c>, <c>emailsync backup</c> and <c>emailsync rotate-keys</c>.</summary>
public sealed class ConfigurationVerbsTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_exported_applies_again_without_a_change_and_has_no_secret_in_it()
    {
        await using CliBench bench = await (await CliBench.StartAsync()).WithMailboxAsync();
        await bench.Host.PatchAsync("settings", new JsonObject { ["defaultProfile"] = "lab" });
        CliRun exported = await bench.RunAsync("export", "--to", bench.File("config.json"));
        string text = await File.ReadAllTextAsync(bench.File("config.json"), Cancel);

        CliRun applied = await bench.RunAsync("apply", bench.File("config.json"));

        Assert.Equal((0, "", 0, "Nothing differs.\n"), (exported.ExitCode, exported.Error, applied.ExitCode, applied.Output));
        Assert.DoesNotContain(bench.Host.Lab.Mailboxes[0].Password, text, StringComparison.Ordinal);
        JsonNode mailbox = JsonNode.Parse(text)!["mailboxes"]![0]!;
        Assert.Equal("EMAILSYNC_SECRET_MAILBOXES_USER0001_LAB_EXAMPLE_PASSWORD", (string)mailbox["password"]!["env"]!);
        Assert.Equal(("lab", "lab"), ((string)mailbox["profile"]!, (string)JsonNode.Parse(text)!["settings"]!["defaultProfile"]!));
    }

    /// <summary>A configuration is one file: an empty appliance that it is applied to writes the same file, octet for octet.</summary>
    [Fact]
    public async Task What_is_exported_makes_an_empty_appliance_the_same_octet_for_octet()
    {
        await using CliBench bench = await CliBench.StartAsync();
        await WriteManySidedConfigurationAsync(bench);
        await bench.RunAsync("export", "--to", bench.File("first.json"));
        byte[] first = await File.ReadAllBytesAsync(bench.File("first.json"), Cancel);
        string[] secrets = [.. Regex.Matches(Encoding.UTF8.GetString(first), "EMAILSYNC_SECRET_\\w+").Select(match => match.Value)];
        Assert.Equal(7, secrets.Length);

        await using CliBench empty = await CliBench.StartAsync();
        try
        {
            Array.ForEach(secrets, secret => Environment.SetEnvironmentVariable(secret, "what it is is not in the file"));
            CliRun applied = await empty.RunAsync("apply", bench.File("first.json"));
            Assert.Equal((0, ""), (applied.ExitCode, applied.Error));
        }
        finally
        {
            Array.ForEach(secrets, secret => Environment.SetEnvironmentVariable(secret, null));
        }

        await empty.RunAsync("export", "--to", empty.File("second.json"));
        Assert.Equal(Encoding.UTF8.GetString(first), await File.ReadAllTextAsync(empty.File("second.json"), Cancel));
        Assert.Equal(first, await File.ReadAllBytesAsync(empty.File("second.json"), Cancel));
        Assert.Equal("Nothing differs.\n", (await empty.RunAsync("apply", bench.File("first.json"))).Output);
        Assert.Equal("Nothing differs.\n", (await empty.RunAsync("apply", empty.File("second.json"), "--prune")).Output);
    }

    // Every kind of thing that a configuration has, and none of it as it is by default.
    private static async Task WriteManySidedConfigurationAsync(CliBench bench)
    {
        JsonObject[] profiles =
        [
            new()
            {
                ["name"] = "Straße 1 \"quoted\" <&>", ["description"] = "línea 1\nline 2", ["ownerEmailAddress"] = "owner@example.com", ["sendEmailAlert"] = true,
                ["incomingServerLocation"] = "pop.example.com", ["incomingPort"] = 110, ["incomingTlsMode"] = "starttls",
                ["outgoingServerLocation"] = "smtp.example.com", ["outgoingPort"] = 587, ["outgoingTlsMode"] = "starttls",
                ["incomingCredentialRetrieval"] = "profile", ["incomingUserName"] = "pop user", ["incomingPassword"] = "p w",
                ["outgoingCredentialRetrieval"] = "profile", ["outgoingUserName"] = "smtp user", ["outgoingPassword"] = "q w",
                ["useSameSettingsForOutgoing"] = false, ["processEmailsReceivedAfter"] = "2026-01-02T03:04:05Z", ["minPollingIntervalInMinutes"] = 7,
                ["maxConcurrentConnections"] = 3, ["connectionTimeoutSeconds"] = 11, ["commandTimeoutSeconds"] = 22, ["trustedCertificates"] = bench.Host.Lab.Authority.RootPem,
            },
            new()
            {
                ["name"] = "oauth", ["incomingServerLocation"] = "pop.example.org", ["outgoingServerLocation"] = "smtp.example.org",
                ["incomingAuthenticationProtocol"] = "oauth", ["outgoingAuthenticationProtocol"] = "oauth", ["whenUncertain"] = "hold",
                ["oauthTokenEndpoint"] = "https://login.example.org/token", ["oauthClientId"] = "client", ["oauthScope"] = "a b", ["oauthClientSecret"] = "s",
                ["oauthFlow"] = "refresh-token",
            },
            new() { ["name"] = "lab", ["incomingServerLocation"] = "pop.example.net", ["outgoingServerLocation"] = "smtp.example.net" },
        ];
        foreach (JsonObject profile in profiles)
            Assert.Equal((201, ""), Told(await bench.Host.PostAsync("profiles", profile)));
        JsonObject[] mailboxes =
        [
            new()
            {
                ["name"] = "Größe", ["emailAddress"] = "jörg@example.com", ["kind"] = "queue", ["profile"] = "lab", ["userName"] = "jörg", ["password"] = "ä",
                ["deleteEmailsAfterProcessing"] = true, ["leaveOnServerDays"] = 3, ["maximumMessageSize"] = 1234567, ["processEmailsReceivedAfter"] = "2026-05-06T07:08:09Z",
            },
            new() { ["emailAddress"] = "second@example.com", ["profile"] = "oauth", ["refreshToken"] = "r", ["outgoingEmail"] = "none" },
            new() { ["emailAddress"] = "third@example.com", ["profile"] = "lab", ["password"] = "x", ["allowCredentialsForEmailProcessing"] = false, ["incomingEmail"] = "none" },
            new() { ["emailAddress"] = "fourth@example.com", ["profile"] = "lab", ["password"] = "y" },
        ];
        foreach (JsonObject mailbox in mailboxes)
            Assert.Equal((201, ""), Told(await bench.Host.PostAsync("mailboxes", mailbox)));
        Assert.Equal((200, ""), Told(await bench.Host.PatchAsync("settings", new JsonObject
        {
            ["defaultProfile"] = "oauth", ["defaultIncomingEmail"] = "none", ["approvalRequiredForUsers"] = false, ["approvalRequiredForQueues"] = false,
            ["maximumAttachmentSizeInKilobytes"] = 1234, ["alertOnInformation"] = false, ["alertRetentionDays"] = 12, ["auditRetentionDays"] = 34, ["emailRetentionDays"] = 56,
        })));

        static (int, string) Told(Answer answer) => (answer.Status, answer.Status >= 400 ? answer.Text : "");
    }

    [Fact]
    public async Task Two_secrets_are_never_read_from_one_variable()
    {
        await using CliBench bench = await CliBench.StartAsync();
        await bench.Host.PostAsync("profiles", bench.Host.ProfileInput());
        foreach (string address in (string[])["a.b@example.com", "a-b@example.com", "a_b@example.com"])
            await bench.Host.PostAsync("mailboxes", new JsonObject { ["emailAddress"] = address, ["profile"] = "lab", ["password"] = address });

        JsonNode exported = JsonNode.Parse(await ExportAsync(bench))!;

        Assert.Equal(
            ["EMAILSYNC_SECRET_MAILBOXES_A_B_EXAMPLE_COM_PASSWORD", "EMAILSYNC_SECRET_MAILBOXES_A_B_EXAMPLE_COM_PASSWORD_2", "EMAILSYNC_SECRET_MAILBOXES_A_B_EXAMPLE_COM_PASSWORD_3"],
            exported["mailboxes"]!.AsArray().Select(mailbox => (string)mailbox!["password"]!["env"]!));
    }

    private static async Task<string> ExportAsync(CliBench bench)
    {
        await bench.RunAsync("export", "--to", bench.File("config.json"));
        return await File.ReadAllTextAsync(bench.File("config.json"), Cancel);
    }

    [Fact]
    public async Task A_plan_is_shown_first_carried_out_once_and_then_there_is_nothing_to_do()
    {
        await using CliBench bench = await CliBench.StartAsync();
        await File.WriteAllTextAsync(bench.File("pw"), bench.Host.Lab.Mailboxes[0].Password, Cancel);
        JsonObject mailbox = bench.Host.MailboxInput();
        mailbox["password"] = new JsonObject { ["file"] = "pw" };
        await WriteAsync(bench, new()
        {
            ["format"] = 1,
            ["settings"] = new JsonObject { ["approvalRequiredForUsers"] = false, ["defaultProfile"] = "lab" },
            ["profiles"] = new JsonArray(bench.Host.ProfileInput()),
            ["mailboxes"] = new JsonArray(mailbox),
        });

        CliRun planned = await bench.RunAsync("apply", bench.File("config.json"), "--dry-run");
        Assert.Equal("create profile  lab\nupdate settings settings: approvalRequiredForUsers, defaultProfile\ncreate mailbox  user0001@lab.example\nNothing was changed: this was a dry run.\n", planned.Output);
        Assert.Empty((await bench.Host.GetAsync("profiles")).Json["items"]!.AsArray());

        CliRun applied = await bench.RunAsync("apply", bench.File("config.json"));
        Assert.EndsWith("\nDone.\n", applied.Output, StringComparison.Ordinal);
        Assert.True((bool)(await bench.Host.GetAsync($"mailboxes/{bench.Address}")).Json["isPasswordSet"]!);
        Assert.Equal("Nothing differs.\n", (await bench.RunAsync("apply", bench.File("config.json"))).Output);
        Assert.Equal(0, (await bench.RunAsync($"mailbox test {bench.Address}")).ExitCode);
    }

    [Fact]
    public async Task Only_what_differs_is_changed_and_only_a_prune_deletes()
    {
        await using CliBench bench = await (await CliBench.StartAsync()).WithMailboxAsync();
        await bench.Host.PostAsync("profiles", bench.Host.ProfileInput("other"));
        JsonObject profile = bench.Host.ProfileInput();
        profile["description"] = "new";
        await WriteAsync(bench, new() { ["profiles"] = new JsonArray(profile), ["mailboxes"] = new JsonArray() });

        CliRun applied = await bench.RunAsync("apply", bench.File("config.json"));
        Assert.Equal("update profile  lab: description\nDone.\n", applied.Output);
        Assert.Equal(2, (await bench.Host.GetAsync("profiles")).Json["items"]!.AsArray().Count);
        Assert.True((bool)(await bench.Host.GetAsync($"mailboxes/{bench.Address}")).Json["isPasswordSet"]!);

        CliRun pruned = await bench.RunAsync("apply", bench.File("config.json"), "--prune");
        Assert.Equal("delete mailbox  user0001@lab.example\ndelete profile  other\nDone.\n", pruned.Output);
        Assert.Single((await bench.Host.GetAsync("profiles")).Json["items"]!.AsArray());
    }

    [Theory]
    [InlineData("""{"profiles":[{"name":"x","incomingPassword":"clear"}]}""", "by reference only")]
    [InlineData("""{"profiles":[{"name":"x","incomingPassword":{"env":"EMAILSYNC_NO_SUCH"}}]}""", "EMAILSYNC_NO_SUCH is not set")]
    [InlineData("""{"profiles":[{"name":"x","incomingPassword":{"file":"nowhere"}}]}""", "there is no file")]
    [InlineData("""{"profiles":[{"name":"x"},{"name":"X"}]}""", "twice")]
    [InlineData("""{"profiles":[{"name":"x","incomingServerLocation":"a b"}]}""", "incomingServerLocation")]
    [InlineData("""{"mailboxes":[{"emailAddress":"a@example.com","profile":"none"}]}""", "no such profile")]
    [InlineData("""{"profile":[]}""", "profile")]
    [InlineData("""{"format":2}""", "format")]
    [InlineData("""{""", "not JSON")]
    public async Task A_fault_is_told_and_nothing_is_done(string configuration, string told)
    {
        await using CliBench bench = await CliBench.StartAsync();
        await File.WriteAllTextAsync(bench.File("config.json"), configuration, Cancel);

        CliRun run = await bench.RunAsync("apply", bench.File("config.json"));

        Assert.Equal(1, run.ExitCode);
        Assert.Contains(told, run.Error, StringComparison.Ordinal);
        Assert.Empty((await bench.Host.GetAsync("profiles")).Json["items"]!.AsArray());
    }

    [Fact]
    public async Task All_faults_of_a_configuration_are_told_at_once()
    {
        await using CliBench bench = await (await CliBench.StartAsync()).WithMailboxAsync();
        JsonObject lab = bench.Host.ProfileInput();
        lab["incomingServerLocation"] = null;
        lab["incomingPort"] = null;
        await WriteAsync(bench, new()
        {
            ["settings"] = new JsonObject { ["alertRetentionDays"] = 0 },
            ["profiles"] = new JsonArray(lab, new JsonObject { ["name"] = "new", ["maxConcurrentConnections"] = 301 }),
            ["mailboxes"] = new JsonArray(
                new JsonObject { ["emailAddress"] = "a@example.com", ["profile"] = "lab", ["leaveOnServerDays"] = 3651 },
                new JsonObject { ["emailAddress"] = "b@example.com", ["profile"] = "nowhere" },
                new JsonObject { ["emailAddress"] = "c@example.com", ["profile"] = "new" }),
        });

        CliRun run = await bench.RunAsync("apply", bench.File("config.json"), "--dry-run");

        Assert.Equal(1, run.ExitCode);
        // The stored mailbox still needs the server that the profile loses; c is judged once its profile is right.
        Assert.All(
            (string[])["profiles/lab/incomingServerLocation", "profiles/new/maxConcurrentConnections", "settings/alertRetentionDays",
                "mailboxes/a@example.com/leaveOnServerDays", "mailboxes/b@example.com/profile"],
            field => Assert.Contains(field, run.Error, StringComparison.Ordinal));
        Assert.DoesNotContain("c@example.com", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_profile_that_something_uses_is_not_pruned_and_that_is_known_before_anything_is_done()
    {
        await using CliBench bench = await (await CliBench.StartAsync()).WithMailboxAsync();
        await bench.Host.PatchAsync("settings", new JsonObject { ["defaultProfile"] = "lab" });
        JsonObject mailbox = bench.Host.MailboxInput();
        mailbox.Remove("password");
        await WriteAsync(bench, new() { ["profiles"] = new JsonArray(bench.Host.ProfileInput("other")), ["mailboxes"] = new JsonArray(mailbox) });

        CliRun run = await bench.RunAsync("apply", bench.File("config.json"), "--prune");

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("would prune it", run.Error, StringComparison.Ordinal);
        Assert.Contains("settings/defaultProfile", run.Error, StringComparison.Ordinal);
        Assert.Single((await bench.Host.GetAsync("profiles")).Json["items"]!.AsArray());
    }

    [Fact]
    public async Task A_profile_may_lose_a_server_where_the_same_configuration_sees_to_it_that_nobody_needs_it()
    {
        await using CliBench bench = await (await CliBench.StartAsync()).WithMailboxAsync();
        JsonObject lab = bench.Host.ProfileInput();
        lab["outgoingServerLocation"] = null;
        lab["outgoingPort"] = null;
        JsonObject mailbox = bench.Host.MailboxInput();
        mailbox.Remove("password");
        mailbox["outgoingEmail"] = "none";
        await WriteAsync(bench, new() { ["profiles"] = new JsonArray(lab), ["mailboxes"] = new JsonArray(mailbox) });

        CliRun run = await bench.RunAsync("apply", bench.File("config.json"));

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Equal("none", (string)(await bench.Host.GetAsync($"mailboxes/{bench.Address}")).Json["outgoingEmail"]!);
    }

    [Fact]
    public async Task A_backup_is_a_file_that_only_its_owner_reads_and_keys_are_rotated()
    {
        await using CliBench bench = await (await CliBench.StartAsync()).WithMailboxAsync();
        await File.WriteAllTextAsync(bench.File("passphrase"), "five words will do here", Cancel);

        CliRun backup = await bench.RunAsync("backup", bench.File("b.tar"), "--passphrase-file", bench.File("passphrase"));
        CliRun rotated = await bench.RunAsync("rotate-keys");

        Assert.Equal((0, ""), (backup.ExitCode, backup.Error));
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(bench.File("b.tar")));
        Assert.DoesNotContain(bench.Host.Lab.Mailboxes[0].Password, Encoding.Latin1.GetString(await File.ReadAllBytesAsync(bench.File("b.tar"), Cancel)), StringComparison.Ordinal);
        Assert.Equal("1 secrets encrypted anew, 1 old keys deleted\n", rotated.Output);
        string log = (await bench.RunAsync("audit --output json")).Output;
        Assert.Contains("/api/v1/backup", log, StringComparison.Ordinal);
        Assert.DoesNotContain("five words", log, StringComparison.Ordinal);
    }

    private static Task WriteAsync(CliBench bench, JsonObject configuration) =>
        File.WriteAllTextAsync(bench.File("config.json"), configuration.ToJsonString(), Cancel);
}
