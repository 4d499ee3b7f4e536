using System.Diagnostics;
using System.Globalization;
using EmailSync.Appliance.OneShot;
using EmailSync.Appliance.Tests.OneShot;
using Spectre.Console;

namespace EmailSync.Appliance.Tests.Cli;

/// <summary>Progress bars: on a terminal, and nowhere else; never in what a program reads.</summary>
public sealed class TerminalTests
{
    private const string Script = "/usr/bin/script";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory, InlineData("text"), InlineData("json")]
    public async Task A_test_of_many_shows_a_bar_on_the_terminal_and_its_answer_beside_it(string output)
    {
        await using CliBench bench = await (await CliBench.StartAsync()).WithMailboxAsync();
        await bench.Host.PostAsync("mailboxes", bench.Host.MailboxInput(2));
        using StringWriter screen = new(CultureInfo.InvariantCulture);
        bench.Terminal = TerminalOn(screen);

        CliRun run = await bench.RunAsync($"profile test lab --output {output}");

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("2 of 2, 1 failed", screen.ToString(), StringComparison.Ordinal);
        Assert.Contains("100%", screen.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', run.Output + run.Error);
        if (output == "json")
            Assert.Equal(2, run.Json.GetProperty("completed").GetInt32());
        else
            Assert.Matches(@"(?s)user0002@lab.example: incoming: failure.*2 of 2 mailboxes tested: 1 succeeded, 1 failed\n$", run.Output);
    }

    [Fact]
    public async Task One_mailbox_is_told_step_by_step_on_a_terminal_too()
    {
        await using CliBench bench = await (await CliBench.StartAsync()).WithMailboxAsync();
        using StringWriter screen = new(CultureInfo.InvariantCulture);
        bench.Terminal = TerminalOn(screen);

        CliRun run = await bench.RunAsync($"mailbox test {bench.Address}");

        Assert.Equal((0, ""), (run.ExitCode, screen.ToString()));
        Assert.Contains("ok     incoming authentication", run.Output, StringComparison.Ordinal);
    }

    /// <summary>The program itself: what it takes for a terminal.</summary>
    [Theory, InlineData(true), InlineData(false)]
    public async Task Fetch_shows_a_bar_where_standard_error_is_a_terminal_and_none_where_it_is_not(bool isTerminal)
    {
        Assert.SkipWhen(isTerminal && !File.Exists(Script), $"{Script} is not here (apt-get install bsdutils)");
        await using ToolBench bench = await ToolBench.StartAsync(new() { MessagesPerMailbox = 40 });
        string fetch = $"dotnet {Path.Combine(AppContext.BaseDirectory, "emailsync.dll")} fetch {bench.Pop3s} --to maildir:{bench.Folder["mail"]} --ca {bench.Folder["ca.pem"]}";
        // script runs a command on a terminal of its own, and shows here what it shows there.
        string[] words = isTerminal ? [Script, "-qec", fetch, "/dev/null"] : fetch.Split(' ');
        ProcessStartInfo start = new(words[0], words[1..]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment[PasswordSource.VariableName] = bench.Mailbox.Password;
        start.Environment["TERM"] = "xterm-256color";

        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(Cancel);
        string shown = await process.StandardError.ReadToEndAsync(Cancel) + await output;
        await process.WaitForExitAsync(Cancel);

        Assert.True(process.ExitCode == 0, shown);
        Assert.Equal(isTerminal, shown.Contains("fetching", StringComparison.Ordinal));
        Assert.Equal(isTerminal, shown.Contains('\u001b'));
        Assert.Contains("40", shown, StringComparison.Ordinal);
        Assert.Equal(40, Directory.GetFiles(Path.Combine(bench.Folder["mail"], "new")).Length);
    }

    private static IAnsiConsole TerminalOn(TextWriter screen) => AnsiConsole.Create(new AnsiConsoleSettings
    {
        Ansi = AnsiSupport.Yes, Interactive = InteractionSupport.Yes, ColorSystem = ColorSystemSupport.NoColors, Out = new AnsiConsoleOutput(screen),
    });
}
