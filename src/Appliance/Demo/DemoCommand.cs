using System.CommandLine;
using EmailSync.Appliance.Api.Contracts;
using EmailSync.Appliance.Cli;
using EmailSync.Appliance.Model;
using EmailSync.Lab;
using Spectre.Console;

namespace EmailSync.Appliance.Demo;

/// <summary><c>emailsync demo</c>: a lab and an appliance, and everything an administrator would do with them, on this terminal.</summary>
internal static class DemoCommand
{
    private const string Help =
        """
        See it work: starts mail servers on loopback and an appliance, creates a profile and mailboxes, approves, tests and enables them,
        receives their mail, sends a message between two of them and receives that.

        Examples:
          emailsync demo
          emailsync demo --mailboxes 50 --messages 100
          emailsync demo --keep
        """;

    /// <summary>The command.</summary>
    public static Command Create()
    {
        Option<int> mailboxes = WholeNumber.Option("--mailboxes", "How many mailboxes.", 5, least: 2, most: 1000);
        Option<int> messages = WholeNumber.Option("--messages", "How many messages in each.", 20, least: 0, most: 10_000);
        Option<bool> keep = new("--keep") { Description = "Leave everything running, and say what to type next." };
        Command command = new("demo", Help) { mailboxes, messages, keep };
        command.SetAction((parse, cancellationToken) => RunAsync(
            parse.GetValue(mailboxes), parse.GetValue(messages), parse.GetValue(keep), AnsiConsole.Console, cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(int mailboxes, int messages, bool keep, IAnsiConsole terminal, CancellationToken cancellationToken)
    {
        // A file has no width; a reader of it does not want lines broken at eighty.
        if (!terminal.Profile.Out.IsTerminal)
            terminal.Profile.Width = 200;
        terminal.MarkupLine("[bold]EmailSync demo[/]: mail servers on this machine, an appliance, and the mail between them.");
        await using LabServer lab = await LabServer.StartAsync(new() { Mailboxes = mailboxes, MessagesPerMailbox = messages }, cancellationToken);
        terminal.MarkupLine($"[green]✓[/] lab: POP3S on port {lab.PortOf(LabService.Pop3s)}, SMTPS on port {lab.PortOf(LabService.Smtps)}, {mailboxes} mailboxes with {messages} messages each");

        string folder = Directory.CreateTempSubdirectory("emailsync-demo-").FullName;
        await using RunningAppliance appliance = await RunningAppliance.StartAsync(folder, lab, cancellationToken);
        terminal.MarkupLineInterpolated($"[green]✓[/] appliance: store in {folder}");

        using ControlClient api = new(appliance.Options.ControlSocketPath);
        DemoStory story = new(lab, appliance, api, terminal);
        bool isWell = await story.TellAsync(messages, cancellationToken);
        if (keep && isWell)
            await WaitAsync(terminal, appliance, api, cancellationToken);
        return isWell ? 0 : 1;
    }

    private static async Task WaitAsync(IAnsiConsole terminal, RunningAppliance appliance, ControlClient api, CancellationToken cancellationToken)
    {
        terminal.WriteLine();
        terminal.MarkupLine("[bold]Still running.[/] In another terminal:");
        foreach (string line in (string[])["status", "mailbox list", "email list --limit 5", "alert list", "email raw eml_1"])
            terminal.WriteLine($"  emailsync {line} --socket {appliance.Options.ControlSocketPath}");
        Answer<TokenContract> token = await api.PostAsync(
            "tokens", new TokenInput { Name = "demo", Role = TokenRole.Application }, ContractJson.Contract.TokenInput, ContractJson.Contract.TokenContract, cancellationToken);
        terminal.WriteLine($"  curl -H \"Authorization: Bearer {token.Value.Token}\" {appliance.HttpAddress}/api/v1/emails?limit=5");
        terminal.MarkupLine("Ctrl+C ends it.");
        try
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            terminal.WriteLine();
        }
    }
}
