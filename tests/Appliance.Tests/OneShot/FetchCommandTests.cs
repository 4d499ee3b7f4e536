using System.Text.Json;
using EmailSync.Lab;

namespace EmailSync.Appliance.Tests.OneShot;

public sealed class FetchCommandTests
{
    [Fact]
    public async Task Fetches_over_implicit_TLS_and_answers_in_JSON()
    {
        await using ToolBench bench = await ToolBench.StartAsync();

        ToolRun run = await bench.RunAsync(
            "fetch", bench.Pop3s, "--to", $"maildir:{bench.Folder["mail"]}", "--state", bench.Folder["state"], "--ca", bench.Folder["ca.pem"], "--output", "json");

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Equal((10, 10, 0), (run.Json.GetProperty("listed").GetInt32(), run.Json.GetProperty("stored").GetInt32(), run.Json.GetProperty("deleted").GetInt32()));
        JsonElement first = run.Json.GetProperty("messages")[0];
        Assert.Equal(bench.Mailbox.UniqueIds[0], first.GetProperty("uniqueId").GetString());
        Assert.Equal("stored", first.GetProperty("result").GetString());
        Assert.Equal(64, first.GetProperty("sha256").GetString()!.Length);
        Assert.Equal(10, Directory.GetFiles(Path.Combine(bench.Folder["mail"], "new")).Length);
    }

    [Theory]
    [InlineData("plain"), InlineData("login"), InlineData("basic"), InlineData("apop")]
    public async Task Signs_in_as_told(string mechanism)
    {
        await using ToolBench bench = await ToolBench.StartAsync();

        ToolRun run = await bench.RunAsync("fetch", bench.Pop3s, "--to", "null:", "--auth", mechanism, "--ca", bench.Folder["ca.pem"]);

        Assert.Equal("", run.Error);
        Assert.StartsWith("10 of 10 messages fetched", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Upgrades_by_STLS()
    {
        await using ToolBench bench = await ToolBench.StartAsync();
        string url = $"pop3://{bench.Mailbox.Address}@localhost:{bench.Server.PortOf(LabService.Pop3)}";

        Assert.Equal(0, (await bench.RunAsync("fetch", url, "--to", "null:", "--ca", bench.Folder["ca.pem"])).ExitCode);
    }

    [Fact]
    public async Task A_password_goes_in_clear_only_where_it_is_allowed_twice()
    {
        await using ToolBench bench = await ToolBench.StartAsync();
        string url = $"pop3://{bench.Mailbox.Address}@localhost:{bench.Server.PortOf(LabService.Pop3)}";

        ToolRun refused = await bench.RunAsync("fetch", url, "--to", "null:", "--tls", "none");
        ToolRun allowed = await bench.RunAsync("fetch", url, "--to", "null:", "--tls", "none", "--allow-cleartext");

        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("--allow-cleartext", refused.Error, StringComparison.Ordinal);
        Assert.Equal(0, allowed.ExitCode);
    }

    [Fact]
    public async Task An_untrusted_certificate_is_told_with_the_option_that_mends_it()
    {
        await using ToolBench bench = await ToolBench.StartAsync();

        ToolRun run = await bench.RunAsync("fetch", bench.Pop3s, "--to", "null:");

        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith("error (certificate-untrusted): The certificate of localhost", run.Error, StringComparison.Ordinal);
        Assert.Contains("  side:  the server", run.Error, StringComparison.Ordinal);
        Assert.Contains("--ca FILE", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_password_is_the_accounts_and_is_not_shown()
    {
        await using ToolBench bench = await ToolBench.StartAsync();
        bench.Password = "hunter2";

        ToolRun run = await bench.RunAsync("fetch", bench.Pop3s, "--to", "null:", "--ca", bench.Folder["ca.pem"], "--output", "json");

        Assert.Equal(1, run.ExitCode);
        Assert.Equal("authentication", run.Json.GetProperty("error").GetProperty("code").GetString());
        Assert.Equal("the account", run.Json.GetProperty("error").GetProperty("side").GetString());
        Assert.DoesNotContain("hunter2", run.Output + run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_password_comes_from_a_file_first()
    {
        await using ToolBench bench = await ToolBench.StartAsync();
        bench.Password = "wrong";
        await File.WriteAllTextAsync(bench.Folder["pw"], bench.Mailbox.Password + "\n", TestContext.Current.CancellationToken);

        ToolRun run = await bench.RunAsync("fetch", bench.Pop3s, "--to", "null:", "--ca", bench.Folder["ca.pem"], "--password-file", bench.Folder["pw"]);

        Assert.Equal(0, run.ExitCode);
    }

    [Fact]
    public async Task Without_a_password_and_a_terminal_the_usage_is_wrong()
    {
        await using ToolBench bench = await ToolBench.StartAsync();
        bench.Password = null;

        ToolRun run = await bench.RunAsync("fetch", bench.Pop3s, "--to", "null:");

        Assert.Equal(2, run.ExitCode);
        Assert.Contains("--password-file", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("fetch", "pop3s://jane@localhost", "--to", "null:", "--limit", "x")]
    [InlineData("fetch"), InlineData("fetch", "pop3s://jane@localhost"), InlineData("fetch", "smtps://jane@localhost", "--to", "null:")]
    [InlineData("fetch", "pop3s://jane:hunter2@localhost", "--to", "null:"), InlineData("fetch", "pop3s://jane@localhost", "--to", "imap:")]
    [InlineData("fetch", "pop3s://localhost", "--to", "null:"), InlineData("fetch", "pop3s://jane@localhost", "--to", "null:", "--limit", "0")]
    [InlineData("fetch", "pop3s://jane@localhost", "--to", "null:", "--password", "hunter2"), InlineData("fetch", "pop3s://jane@localhost", "--to", "null:", "--tls", "maybe")]
    [InlineData("fetsh")]
    public async Task Wrong_usage_is_told_and_nothing_is_done(params string[] args)
    {
        await using ToolBench bench = await ToolBench.StartAsync();

        ToolRun run = await bench.RunAsync(args);

        Assert.Equal(2, run.ExitCode);
        Assert.NotEqual("", run.Error);
        Assert.Equal("", run.Output);
        Assert.Equal(0, bench.Server.Journal.ConnectionsOpened);
    }

    [Fact]
    public async Task Gov_mode_binds_the_tool()
    {
        await using ToolBench bench = await ToolBench.StartAsync();
        bench.GovMode = true;

        ToolRun run = await bench.RunAsync("fetch", bench.Pop3s, "--to", "null:", "--ca", bench.Folder["ca.pem"]);

        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith("error (policy): POP3 to localhost", run.Error, StringComparison.Ordinal);
        Assert.Equal(0, bench.Server.Journal.ConnectionsOpened);
    }

    [Fact]
    public async Task A_lost_connection_is_reported_with_what_was_stored()
    {
        await using ToolBench bench = await ToolBench.StartAsync(new() { Script = [Misbehaviour.CutContent(Outcome.Disconnect, 100, message: 5)] });

        ToolRun run = await bench.RunAsync(
            "fetch", bench.Pop3s, "--to", $"maildir:{bench.Folder["mail"]}", "--ca", bench.Folder["ca.pem"], "--output", "json", "--delete");

        Assert.Equal(1, run.ExitCode);
        Assert.Equal((4, 0), (run.Json.GetProperty("stored").GetInt32(), run.Json.GetProperty("deleted").GetInt32()));
        Assert.Equal("timeout", run.Json.GetProperty("error").GetProperty("code").GetString());
        Assert.Equal(10, bench.Mailbox.MessageCount);
    }

    [Theory, InlineData("maildir:"), InlineData("mbox:")]
    public async Task A_destination_that_cannot_be_written_is_this_machines_trouble(string kind)
    {
        await using ToolBench bench = await ToolBench.StartAsync();

        ToolRun run = await bench.RunAsync("fetch", bench.Pop3s, "--to", $"{kind}{bench.Folder["ca.pem"]}/inside", "--ca", bench.Folder["ca.pem"]);

        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith("error (storage): ", run.Error, StringComparison.Ordinal);
        Assert.Contains("side:  this machine", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_has_examples()
    {
        await using ToolBench bench = await ToolBench.StartAsync();

        ToolRun run = await bench.RunAsync("fetch", "--help");

        Assert.Equal(0, run.ExitCode);
        Assert.Contains("emailsync fetch pop3s://jane@pop.example.com --to maildir:Mail", run.Output, StringComparison.Ordinal);
    }
}
