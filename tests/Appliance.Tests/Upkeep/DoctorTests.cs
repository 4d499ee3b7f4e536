using System.Globalization;
using EmailSync.Appliance.Cli;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Tests.Api;
using EmailSync.Appliance.Tests.Cli;
using EmailSync.Appliance.Tests.Store;
using EmailSync.Appliance.Upkeep;

namespace EmailSync.Appliance.Tests.Upkeep;

/// <summary><c>emailsync doctor</c> and <c>emailsync restore</c>, as an administrator types them.</summary>
public sealed class DoctorTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Beside_a_running_appliance_everything_is_looked_at()
    {
        await using ApiHost host = await ApiHost.StartAsync();
        await host.PostAsync("profiles", host.ProfileInput());

        CliRun run = await RunAsync(new() { DataFolder = host.Folder }, "doctor", "--output", "json");

        Dictionary<string, string> findings = run.Json.GetProperty("checks").EnumerateArray()
            .ToDictionary(check => check.GetProperty("name").GetString()!, check => check.GetProperty("finding").GetString()!);
        Assert.Equal(
            ["data folder", "key ring", "disk", "clock", "open files", "egress lockdown", "appliance", "store check", "name resolution"], findings.Keys);
        foreach (string name in new[] { "data folder", "key ring", "clock", "egress lockdown", "appliance", "name resolution" })
            Assert.Equal($"{name}: ok", $"{name}: {findings[name]}");
    }

    [Fact]
    public async Task What_the_last_check_of_the_store_found_is_shown()
    {
        await using ApiHost host = await ApiHost.StartAsync();
        MailboxId mailbox = await host.Store.AddMailboxAsync("ada@example.com", Cancel);
        await host.Store.ReceiveAsync(mailbox, "uid", Samples.Message("one", 200_000), Cancel);
        Assert.Matches("- +store check +none has come to its end yet", (await RunAsync(new() { DataFolder = host.Folder }, "doctor")).Output);

        await host.Store.Upkeep.CheckAsync(Cancel);
        Assert.Matches("ok +store check +at .* 1 emails and all tables were read, and nothing is damaged", (await RunAsync(new() { DataFolder = host.Folder }, "doctor")).Output);

        File.Delete(Assert.Single(Directory.GetFiles(Path.Combine(host.Folder, "spool"))));
        await host.Store.Upkeep.CheckAsync(Cancel);
        CliRun run = await RunAsync(new() { DataFolder = host.Folder }, "doctor");
        Assert.Equal(1, run.ExitCode);
        Assert.Matches("FAILED +store check .*1 faults found: Email eml_1: ", run.Output);
        Assert.Contains("to do: Look at the disk first", run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false, "no HTTP, by which public authorities have their revocation lists (AllowHttpForRevocationLists)")]
    [InlineData(true, "HTTP for revocation lists on 80")]
    public async Task In_Gov_mode_the_lockdown_admits_three_things_of_524280_and_a_fourth_if_it_is_told(bool allowsHttp, string http)
    {
        using TemporaryFolder folder = new();

        CliRun run = await RunAsync(new() { DataFolder = folder.Path, GovMode = true, AllowHttpForRevocationLists = allowsHttp }, "doctor");

        Assert.Contains(
            $"government policy, asked 524280 times: admits POP3 with implicit TLS on 995; SMTP with implicit TLS on 465; HTTPS on 443; {http}\n", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_others_can_read_is_a_failure_with_a_remedy()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no file modes");
        await using ApiHost host = await ApiHost.StartAsync();
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(Path.Combine(host.Folder, "emailsync.db"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);

        CliRun run = await RunAsync(new() { DataFolder = host.Folder }, "doctor");

        Assert.Equal(1, run.ExitCode);
        Assert.Matches("FAILED  data folder +others can read .*emailsync.db", run.Output);
        Assert.Contains("to do: chmod go= ", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_backup_is_restored_into_another_folder()
    {
        using TemporaryFolder folder = new();
        await using CliBench bench = await (await CliBench.StartAsync()).WithMailboxAsync();
        await bench.RunAsync("backup", bench.File("b.tar"));

        CliRun run = await RunAsync(new() { DataFolder = folder.Combine("new") }, "restore", bench.File("b.tar"), "--output", "json");
        CliRun again = await RunAsync(new() { DataFolder = folder.Combine("new") }, "restore", bench.File("b.tar"));

        Assert.Equal((0, 1, 1), (run.ExitCode, run.Json.GetProperty("secrets").GetInt32(), run.Json.GetProperty("lostSecrets").GetInt32()));
        Assert.Equal(1, again.ExitCode);
        Assert.Contains("--replace", again.Error, StringComparison.Ordinal);
    }

    private static async Task<CliRun> RunAsync(ApplianceOptions options, params string[] args)
    {
        using StringWriter output = new(CultureInfo.InvariantCulture);
        using StringWriter error = new(CultureInfo.InvariantCulture);
        int exitCode = await CommandTree.RunAsync(CommandTree.Build(UpkeepCommands.Commands(UpkeepEnvironment.OfProcess(options))), args, output, error, Cancel);
        return new(exitCode, output.ToString(), error.ToString());
    }
}
