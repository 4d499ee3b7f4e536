using System.Diagnostics;
using EmailSync.Appliance.OneShot;

namespace EmailSync.Appliance.Tests.OneShot;

/// <summary>The program itself, killed with SIGKILL again and again while it fetches: nothing lost, nothing twice.</summary>
public sealed class FetchKillTests
{
    private const int Messages = 1000;
    private const int Kills = 8;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory, InlineData("maildir"), InlineData("mbox")]
    public async Task Killed_again_and_again(string kind)
    {
        await using ToolBench bench = await ToolBench.StartAsync(new() { MessagesPerMailbox = Messages, MessageOctets = 4096 });
        string target = bench.Folder["mail"];
        int cutShort = 0;
        for (int kill = 1; kill <= Kills; kill++)
        {
            long retrieved = bench.Server.Journal.Count("RETR") + (kill * 17 % 100);
            using Process fetch = Start(bench, $"{kind}:{target}");
            await Task.WhenAny(bench.Server.Journal.WhenAsync(journal => journal.Count("RETR") > retrieved, Cancel), fetch.WaitForExitAsync(Cancel));
            fetch.Kill();
            await fetch.WaitForExitAsync(Cancel);
            cutShort += fetch.ExitCode == 137 ? 1 : 0;
            await bench.Server.Journal.WhenAsync(journal => journal.ConnectionsOpen == 0, Cancel);
        }

        using (Process last = Start(bench, $"{kind}:{target}"))
        {
            await last.WaitForExitAsync(Cancel);
            Assert.Equal(0, last.ExitCode);
        }

        Assert.True(cutShort > 0, "no run was cut short, so nothing was shown");
        string[] messages = kind == "maildir"
            ? [.. Directory.GetFiles(Path.Combine(target, "new")).Select(File.ReadAllText)]
            : File.ReadAllText(target).Split("\nFrom ");
        Assert.Equal(Messages, messages.Length);
        Assert.Equal(Messages, messages.Select(FetchBench.MessageId).Distinct().Count());
        Assert.Equal(0, bench.Mailbox.MessageCount);
        if (kind == "maildir")
            Assert.Empty(Directory.GetFiles(Path.Combine(target, "tmp")));
    }

    private static Process Start(ToolBench bench, string destination)
    {
        ProcessStartInfo start = new("dotnet",
        [
            Path.Combine(AppContext.BaseDirectory, "emailsync.dll"), "fetch", bench.Pop3s, "--to", destination, "--state", bench.Folder["state"], "--delete",
            "--ca", bench.Folder["ca.pem"],
        ])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment[PasswordSource.VariableName] = bench.Mailbox.Password;
        return Process.Start(start)!;
    }
}
