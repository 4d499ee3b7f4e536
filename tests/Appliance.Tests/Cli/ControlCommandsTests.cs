using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using EmailSync.Appliance.Api.Contracts;
using EmailSync.Appliance.Cli;
using EmailSync.Lab;

namespace EmailSync.Appliance.Tests.Cli;

/// <summary>The verbs against a running appliance, as an administrator types them.</summary>
public sealed class ControlCommandsTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task From_nothing_to_a_mailbox_that_works()
    {
        await using CliBench bench = await CliBench.StartAsync();
        LabServer lab = bench.Host.Lab;
        await File.WriteAllTextAsync(bench.File("ca.pem"), lab.Authority.RootPem, Cancel);
        await File.WriteAllTextAsync(bench.File("pw"), lab.Mailboxes[0].Password + "\n", Cancel);

        CliRun profile = await bench.RunAsync(
            $"profile create lab --incoming-server-location localhost --incoming-port {lab.PortOf(LabService.Pop3s)} --outgoing-server-location localhost "
            + $"--outgoing-port {lab.PortOf(LabService.Smtps)} --trusted-certificates {bench.File("ca.pem")}");
        CliRun mailbox = await bench.RunAsync($"mailbox create {bench.Address} --profile lab --password-file {bench.File("pw")} --output json");
        CliRun approved = await bench.RunAsync($"mailbox approve {bench.Address}");
        CliRun tested = await bench.RunAsync($"mailbox test {bench.Address}");
        CliRun listed = await bench.RunAsync("mailbox list");

        Assert.Equal((0, "", 0, ""), (profile.ExitCode, profile.Error, mailbox.ExitCode, mailbox.Error));
        Assert.True(mailbox.Json.GetProperty("isPasswordSet").GetBoolean());
        Assert.DoesNotContain(lab.Mailboxes[0].Password, mailbox.Output, StringComparison.Ordinal);
        Assert.Equal($"{bench.Address}: approved\n", approved.Output);
        Assert.Equal((0, ""), (tested.ExitCode, tested.Error));
        Assert.Matches(@"ok     incoming authentication", tested.Output);
        Assert.EndsWith("incoming: success, outgoing: success\n", tested.Output, StringComparison.Ordinal);
        Assert.Matches(@"^ID +ADDRESS +PROFILE +APPROVAL +STATUS +IN +OUT", listed.Output);
        Assert.Matches($@"{bench.Address} +\S+ +approved +success +on +on", listed.Output);
    }

    [Fact]
    public async Task A_test_that_fails_says_what_to_do_and_is_a_failure()
    {
        await using CliBench bench = await (await CliBench.StartAsync()).WithMailboxAsync();
        await bench.Host.PatchAsync($"mailboxes/{bench.Address}", new System.Text.Json.Nodes.JsonObject { ["password"] = "wrong" });

        CliRun run = await bench.RunAsync($"mailbox test {bench.Address}");
        CliRun json = await bench.RunAsync($"mailbox test {bench.Address} --output json");

        Assert.Equal((1, 1), (run.ExitCode, json.ExitCode));
        JsonElement step = Assert.Single(json.Json.GetProperty("failures").EnumerateArray()).GetProperty("failedSteps")[0];
        Assert.Equal(("authentication", true), (step.GetProperty("errorClass").GetString(), step.GetProperty("advice").GetString()!.Length > 0));
        Assert.Matches("FAILED incoming authentication", run.Output);
        Assert.Contains("to do: ", run.Output, StringComparison.Ordinal);
        Assert.Contains("incoming: failure", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_profile_is_tested_with_its_mailboxes_and_the_run_is_found_again()
    {
        await using CliBench bench = await (await CliBench.StartAsync()).WithMailboxAsync();
        await bench.Host.PostAsync("mailboxes", bench.Host.MailboxInput(2));

        CliRun run = await bench.RunAsync("profile test lab");
        CliRun asked = await bench.RunAsync("profile test lab --no-wait --output json");
        CliRun watched = await bench.RunAsync($"test watch {asked.Json.GetProperty("id").GetString()} --output json");
        CliRun listed = await bench.RunAsync("test list");
        CliRun canceled = await bench.RunAsync("test cancel tst_1");

        Assert.Equal(1, run.ExitCode);
        Assert.Matches($@"(?s){bench.Address}:\nok .*incoming: success, outgoing: success\n", run.Output);
        Assert.Matches(@"FAILED incoming preconditions .*approve it first", run.Output);
        Assert.EndsWith("2 of 2 mailboxes tested: 1 succeeded, 1 failed\n", run.Output, StringComparison.Ordinal);
        Assert.Equal(("completed", 1, 1), (watched.Json.GetProperty("state").GetString(), watched.Json.GetProperty("succeeded").GetInt32(), watched.ExitCode));
        Assert.Matches(@"(?m)^tst_1 +completed +2 +1 +1 .*control socket$", listed.Output);
        Assert.Contains("completed", canceled.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Many_mailboxes_are_changed_and_approved_at_once()
    {
        await using CliBench bench = await (await CliBench.StartAsync()).WithMailboxAsync();
        await bench.Host.PostAsync("mailboxes", bench.Host.MailboxInput(2));

        CliRun dry = await bench.RunAsync("mailbox bulk-update --where-profile lab --leave-on-server-days 14 --dry-run");
        CliRun real = await bench.RunAsync("mailbox bulk-update --all --leave-on-server-days 14 --output json");
        CliRun approved = await bench.RunAsync("mailbox approve --where-approval pending");
        await bench.RunAsync("settings update --default-profile lab");
        CliRun applied = await bench.RunAsync($"mailbox apply-defaults {bench.Address} user0002@lab.example");

        Assert.Equal(
            $"{bench.Address}: leaveOnServerDays nothing -> 14\nuser0002@lab.example: leaveOnServerDays nothing -> 14\n"
            + "2 mailboxes chosen, 2 would be changed, 0 changed by somebody else in the same moment\n",
            dry.Output);
        Assert.Equal((2, false), (real.Json.GetProperty("changed").GetInt32(), real.Json.GetProperty("dryRun").GetBoolean()));
        Assert.StartsWith("user0002@lab.example: approval pending -> approved", approved.Output, StringComparison.Ordinal);
        Assert.EndsWith("2 of 2 mailboxes tested: 2 succeeded, 0 failed\n", applied.Output, StringComparison.Ordinal);
        Assert.Equal(0, applied.ExitCode);
    }

    [Fact]
    public async Task Every_fault_of_a_request_is_told()
    {
        await using CliBench bench = await CliBench.StartAsync();

        CliRun run = await bench.RunAsync("profile create lab --max-concurrent-connections 0 --incoming-server-location http://x");

        Assert.Equal((1, ""), (run.ExitCode, run.Output));
        Assert.StartsWith("error (invalid): ", run.Error, StringComparison.Ordinal);
        Assert.Contains("\n  maxConcurrentConnections '0': ", run.Error, StringComparison.Ordinal);
        Assert.Contains("\n  incomingServerLocation 'http://x': ", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_problem_in_JSON_is_the_appliances_own()
    {
        await using CliBench bench = await CliBench.StartAsync();

        CliRun run = await bench.RunAsync("mailbox show nobody@lab.example --output json");

        Assert.Equal(1, run.ExitCode);
        Assert.Equal(("not-found", 404), (run.Json.GetProperty("code").GetString(), run.Json.GetProperty("status").GetInt32()));
    }

    [Fact]
    public async Task Fields_are_changed_one_by_one_and_put_back_by_an_empty_value()
    {
        await using CliBench bench = await (await CliBench.StartAsync()).WithMailboxAsync();

        CliRun changed = await bench.RunAsync("profile", "update", "lab", "--min-polling-interval-in-minutes", "60", "--description", "the lab", "--output", "json");
        CliRun back = await bench.RunAsync("profile", "update", "lab", "--min-polling-interval-in-minutes", "", "--output", "json");

        Assert.Equal((60, "the lab"), (changed.Json.GetProperty("minPollingIntervalInMinutes").GetInt32(), changed.Json.GetProperty("description").GetString()));
        Assert.Equal((5, "the lab"), (back.Json.GetProperty("minPollingIntervalInMinutes").GetInt32(), back.Json.GetProperty("description").GetString()));
    }

    [Fact]
    public async Task Of_many_the_refused_ones_are_named_and_the_others_done()
    {
        await using CliBench bench = await (await CliBench.StartAsync()).WithMailboxAsync();

        CliRun run = await bench.RunAsync($"mailbox reject nobody@lab.example {bench.Address}");

        Assert.Equal((1, $"{bench.Address}: rejected\n"), (run.ExitCode, run.Output));
        Assert.StartsWith("error (not-found): nobody@lab.example: ", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_has_no_answer_of_its_own_is_told_in_JSON_too()
    {
        await using CliBench bench = await (await CliBench.StartAsync()).WithMailboxAsync();
        await bench.RunAsync("token create crm --role application");
        await bench.RunAsync($"mailbox test {bench.Address}");
        foreach (string line in (string[])[$"mailbox poll {bench.Address}", $"mailbox delete {bench.Address}", "profile delete lab", "token delete crm"])
        {
            CliRun run = await bench.RunAsync(line + " --output json");
            Assert.Equal((0, line.Split(' ')[2]), (run.ExitCode, run.Json.GetProperty("name").GetString()));
            Assert.Equal(line.Contains("delete", StringComparison.Ordinal), run.Json.GetProperty("outcome").GetString() == "deleted");
        }
    }

    [Fact]
    public async Task A_raw_message_is_submitted_and_read_back_as_it_was()
    {
        await using CliBench bench = await (await CliBench.StartAsync()).WithMailboxAsync();
        const string Letter = "From: jane@example.com\r\nSubject: raw\r\n\r\n.\r\ntext\r\n";
        bench.Input.Write(Encoding.ASCII.GetBytes(Letter));
        bench.Input.Position = 0;

        CliRun sent = await bench.RunAsync($"email send - --mailbox {bench.Address} --to joe@example.org --bcc ann@example.net --output json");
        string id = sent.Json.GetProperty("id").GetString()!;
        CliRun raw = await bench.RunAsync($"email raw {id}");

        Assert.Equal((0, "", 0), (sent.ExitCode, sent.Error, raw.ExitCode));
        Assert.Equal(Letter, Encoding.ASCII.GetString(bench.RawOutput.ToArray()));
        Assert.Equal(["joe@example.org", "ann@example.net"], sent.Json.GetProperty("recipients").EnumerateArray().Select(recipient => recipient.GetProperty("address").GetString()));
    }

    [Fact]
    public async Task A_composed_email_is_submitted_once_per_key_and_called_back()
    {
        await using CliBench bench = await (await CliBench.StartAsync()).WithMailboxAsync();
        string[] send =
        [
            "email", "send", "--mailbox", bench.Address, "--to", "joe@example.org", "--subject", "hello world", "--text", "How are you?",
            "--send-at", "2999-01-01T00:00:00Z", "--idempotency-key", "k1", "--output", "json",
        ];

        CliRun sent = await bench.RunAsync(send);
        string id = sent.Json.GetProperty("id").GetString()!;
        CliRun again = await bench.RunAsync(send);
        CliRun other = await bench.RunAsync([.. send.Select(word => word == "hello world" ? "other" : word)]);
        CliRun canceled = await bench.RunAsync($"email cancel {id}");
        CliRun listed = await bench.RunAsync("email list --direction outgoing --state canceled");

        Assert.Equal((0, id), (again.ExitCode, again.Json.GetProperty("id").GetString()));
        Assert.Equal((1, "idempotency-conflict"), (other.ExitCode, other.Json.GetProperty("code").GetString()));
        Assert.Equal("hello world", sent.Json.GetProperty("subject").GetString());
        Assert.Equal($"{id}: canceled\n", canceled.Output);
        Assert.Matches($@"{id} +\S+ +canceled", listed.Output);
    }

    [Fact]
    public async Task Files_come_along_with_a_composed_email()
    {
        await using CliBench bench = await (await CliBench.StartAsync()).WithMailboxAsync();
        await File.WriteAllTextAsync(bench.File("übersicht.pdf"), "one", Cancel);
        await File.WriteAllTextAsync(bench.File("terms.txt"), "two", Cancel);
        string[] send = ["email", "send", "--mailbox", bench.Address, "--to", "joe@example.org", "--subject", "files", "--send-at", "2999-01-01T00:00:00Z", "--output", "json", "--attach"];

        CliRun sent = await bench.RunAsync([.. send, bench.File("übersicht.pdf"), bench.File("terms.txt")]);
        CliRun missing = await bench.RunAsync([.. send, bench.File("nowhere.pdf")]);

        Assert.Equal((0, ""), (sent.ExitCode, sent.Error));
        await bench.RunAsync($"email raw {sent.Json.GetProperty("id").GetString()}");
        using MemoryStream raw = new(bench.RawOutput.ToArray());
        using MimeKit.MimeMessage message = await MimeKit.MimeMessage.LoadAsync(raw, Cancel);
        Assert.Equal(
            [("übersicht.pdf", "application/pdf"), ("terms.txt", "text/plain")],
            message.Attachments.OfType<MimeKit.MimePart>().Select(part => (part.FileName, part.ContentType.MimeType)));
        Assert.Equal(1, missing.ExitCode);
        Assert.Contains("nowhere.pdf", missing.Output + missing.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_strangers_words_do_not_reach_the_terminal_as_commands()
    {
        await using CliBench bench = await (await CliBench.StartAsync()).WithMailboxAsync();
        bench.Input.Write("Subject: \u001b[31mred\r\n\r\ntext\r\n"u8);
        bench.Input.Position = 0;
        await bench.RunAsync($"email send - --mailbox {bench.Address} --to joe@example.org --send-at 2999-01-01T00:00:00Z");

        CliRun listed = await bench.RunAsync("email list --direction outgoing");

        Assert.DoesNotContain('\u001b', listed.Output);
        Assert.Contains("red", listed.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Alerts_settings_and_status_are_shown()
    {
        await using CliBench bench = await (await CliBench.StartAsync()).WithMailboxAsync();

        CliRun alerts = await bench.RunAsync("alert list --all --output json");
        CliRun settings = await bench.RunAsync("settings update --approval-required-for-users false --default-profile lab --output json");
        CliRun status = await bench.RunAsync("status");

        Assert.Equal(JsonValueKind.Array, alerts.Json.GetProperty("items").ValueKind);
        Assert.False(settings.Json.GetProperty("approvalRequiredForUsers").GetBoolean());
        Assert.Matches(@"policy: +commercial", status.Output);
    }

    [Fact]
    public async Task Alerts_are_listed_by_what_they_are_about_and_the_catalogue_explains_them()
    {
        await using CliBench bench = await (await CliBench.StartAsync()).WithMailboxAsync();
        await bench.RunAsync($"mailbox test {bench.Address}");

        CliRun mine = await bench.RunAsync("alert list --scope mailbox --subject mbx_1");
        CliRun others = await bench.RunAsync("alert list --scope mailbox --subject mbx_2");
        CliRun half = await bench.RunAsync("alert list --scope mailbox");
        CliRun catalog = await bench.RunAsync("alert catalog");

        Assert.Contains("mailbox-enabled", mine.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("mailbox-enabled", others.Output, StringComparison.Ordinal);
        Assert.Equal(1, half.ExitCode);
        Assert.Matches(@"(?m)^authentication +error ", catalog.Output);
    }

    [Fact]
    public async Task Where_no_appliance_runs_that_is_said_with_what_to_do()
    {
        await using CliBench bench = await CliBench.StartAsync();

        CliRun run = await bench.RunAsync($"status --socket {bench.File("nobody.sock")}");

        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith("error (no-appliance): No appliance answers at ", run.Error, StringComparison.Ordinal);
        Assert.Contains("there is no such socket", run.Error, StringComparison.Ordinal);
        Assert.Contains("emailsync run", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("profile"), InlineData("profile create"), InlineData("profile update lab --incoming-port many"), InlineData("profile update lab --incoming-tls-mode maybe")]
    [InlineData("profile update lab --incoming-port 99999999999"), InlineData("profile update lab --process-emails-received-after yesterday")]
    [InlineData("email list --direction sideways"), InlineData("email list --state gone"), InlineData("email list --acknowledged true")]
    [InlineData("email send --mailbox a@b --to a@b --text x --send-at tomorrow"), InlineData("email send --mailbox a@b --to a@b --text x --priority urgent")]
    [InlineData("mailbox create a@b --password hunter2"), InlineData("mailbox approve"), InlineData("mailbox approve a@b --all"), InlineData("mailbox apply-defaults"), InlineData("mailbox bulk-update --kind queue"), InlineData("email send --to a@b"), InlineData("email send letter.eml --mailbox a@b --to a@b --subject x"), InlineData("email send - --mailbox a@b --to a@b --attach x"), InlineData("status --output xml")]
    public async Task Wrong_usage_is_told(string line)
    {
        await using CliBench bench = await CliBench.StartAsync();

        CliRun run = await bench.RunAsync(line);

        Assert.Equal((2, ""), (run.ExitCode, run.Output));
        Assert.Contains("--help", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_field_that_the_API_takes_has_an_option_with_a_sentence()
    {
        foreach (JsonTypeInfo contract in new JsonTypeInfo[] { ContractJson.Contract.ProfileInput, ContractJson.Contract.MailboxInput, ContractJson.Contract.SettingsContract })
            Assert.All(contract.Properties, field => Assert.NotEqual("", FieldHelp.Of(field.Name)));
    }
}
