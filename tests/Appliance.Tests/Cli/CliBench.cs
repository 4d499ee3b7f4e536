using System.Globalization;
using System.Text.Json;
using EmailSync.Appliance.Cli;
using EmailSync.Appliance.Tests.Api;
using Spectre.Console;

namespace EmailSync.Appliance.Tests.Cli;

/// <summary>An appliance beside a lab, and command lines run against it in this process.</summary>
internal sealed class CliBench : IAsyncDisposable
{
    private CliBench(ApiHost host) => Host = host;

    public ApiHost Host { get; }

    public MemoryStream Input { get; } = new();

    public MemoryStream RawOutput { get; } = new();

    /// <summary>What progress is shown on; null where nobody looks.</summary>
    public IAnsiConsole? Terminal { get; set; }

    public string Address => Host.Lab.Mailboxes[0].Address;

    public string File(string name) => Path.Combine(Host.Folder, name);

    public static async Task<CliBench> StartAsync() => new(await ApiHost.StartAsync());

    /// <summary>Runs a command line, its words parted by single blanks.</summary>
    public Task<CliRun> RunAsync(string line) => RunAsync(line.Split(' '));

    /// <summary>Runs a command line.</summary>
    public async Task<CliRun> RunAsync(params string[] args)
    {
        ControlEnvironment environment = new(Path.Combine(Host.Folder, "control.sock"), Ask: null, () => Input, () => RawOutput) { Terminal = Terminal };
        using StringWriter output = new(CultureInfo.InvariantCulture);
        using StringWriter error = new(CultureInfo.InvariantCulture);
        int exitCode = await CommandTree.RunAsync(
            CommandTree.Build(ControlCommands.Commands(environment)), args, output, error, TestContext.Current.CancellationToken);
        return new(exitCode, output.ToString(), error.ToString());
    }

    /// <summary>The lab's profile and its first mailbox, approved.</summary>
    public async Task<CliBench> WithMailboxAsync()
    {
        await Host.PostAsync("profiles", Host.ProfileInput());
        await Host.PostAsync("mailboxes", Host.MailboxInput());
        await Host.PostAsync($"mailboxes/{Address}/approve");
        return this;
    }

    public ValueTask DisposeAsync() => Host.DisposeAsync();
}

/// <summary>What a run came to.</summary>
internal sealed record CliRun(int ExitCode, string Output, string Error)
{
    public JsonElement Json => JsonDocument.Parse(Output).RootElement;
}
