using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using EmailSync.RealServers.Tests.Servers;

namespace EmailSync.RealServers.Tests.Running;

/// <summary>What a newcomer types first.</summary>
public sealed partial class Demo
{
    // Ctrl+C and this end it alike; but a test run in the background hands on to its children that the former is ignored.
    private const int Terminate = 15;

    [Fact]
    public async Task It_tells_its_story_and_ends_well()
    {
        using Process demo = Start("demo", "--mailboxes", "3", "--messages", "4");

        string told = await demo.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await demo.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.True(demo.ExitCode == 0, told);
        Assert.Contains("3 of 3 mailboxes tested and enabled", told, StringComparison.Ordinal);
        Assert.Contains("12 messages received, each durably stored exactly once", told, StringComparison.Ordinal);
        Assert.Contains("is sent: 250", told, StringComparison.Ordinal);
        Assert.Contains("received as eml_", told, StringComparison.Ordinal);
        string folder = told.Split("The store lies in ")[1].Split(" (")[0];
        Assert.True(File.Exists(Path.Combine(folder, "emailsync.db")));
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Kept_running_it_says_what_to_type_next_and_that_works()
    {
        using Process demo = Start("demo", "--mailboxes", "2", "--messages", "1", "--keep");
        using CancellationTokenSource patience = Patience.Begin();
        StringBuilder told = new();
        List<string> commands = [];
        while (await demo.StandardOutput.ReadLineAsync(patience.Token) is { } line && !line.StartsWith("Ctrl+C", StringComparison.Ordinal))
        {
            told.AppendLine(line);
            if (line.StartsWith("  emailsync ", StringComparison.Ordinal))
                commands.Add(line.Trim());
        }

        Assert.NotEmpty(commands);
        foreach (string command in commands)
        {
            using Process next = Start(command.Split(' ')[1..]);
            Task<string> answer = next.StandardOutput.ReadToEndAsync(patience.Token);
            await next.WaitForExitAsync(patience.Token);
            Assert.True(next.ExitCode == 0, $"{command}\n{await answer}");
        }

        Assert.Equal(0, Signal(demo.Id, Terminate));
        await demo.WaitForExitAsync(patience.Token);
        Assert.True(demo.ExitCode == 0, told.ToString());
        Directory.Delete(told.ToString().Split("The store lies in ")[1].Split(" (")[0], recursive: true);
    }

    private static Process Start(params string[] words) => Process.Start(
        new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "emailsync.dll"), .. words]) { RedirectStandardOutput = true })!;

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Signal(int process, int signal);
}
