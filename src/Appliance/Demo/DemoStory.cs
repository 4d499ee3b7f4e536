using System.Diagnostics;
using System.Globalization;
using EmailSync.Appliance.Api.Contracts;
using EmailSync.Appliance.Cli;
using EmailSync.Appliance.Model;
using EmailSync.Lab;
using Spectre.Console;

namespace EmailSync.Appliance.Demo;

/// <summary>What an administrator and an application do with an appliance, through the same API that they would use.</summary>
internal sealed class DemoStory(LabServer lab, RunningAppliance appliance, ControlClient api, IAnsiConsole terminal)
{
    private const string Mark = "[green]✓[/]";
    private static readonly ContractJson Json = ContractJson.Contract;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly List<MailboxContract> _mailboxes = [];

    /// <summary>Tells it. Returns whether everything went as it should.</summary>
    /// <param name="messages">How many messages wait in each mailbox.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<bool> TellAsync(int messages, CancellationToken cancellationToken)
    {
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        try
        {
            await PrepareAsync(patience.Token);
            if (!await TestAsync(patience.Token))
                return false;
            await ReceiveAsync(_mailboxes.Count * messages, patience.Token);
            await SendAsync(patience.Token);
            await SummariseAsync(patience.Token);
            return true;
        }
        catch (ApplianceProblemException problem)
        {
            terminal.MarkupLineInterpolated($"[red]✗[/] {problem.Message}");
            return false;
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            terminal.MarkupLineInterpolated($"[red]✗[/] it took longer than {Patience.TotalMinutes} minutes; see the log and the alerts in {appliance.Options.DataFolder}");
            return false;
        }
    }

    private async Task PrepareAsync(CancellationToken cancellationToken)
    {
        ProfileInput profile = new()
        {
            Name = "Lab",
            IncomingServerLocation = "localhost",
            IncomingPort = lab.PortOf(LabService.Pop3s),
            OutgoingServerLocation = "localhost",
            OutgoingPort = lab.PortOf(LabService.Smtps),
            TrustedCertificates = lab.Authority.RootPem,
        };
        await api.PostAsync("profiles", profile, Json.ProfileInput, Json.ProfileContract, cancellationToken);
        terminal.MarkupLine($"{Mark} email server profile 'Lab': implicit TLS, the lab's certificate authority trusted for this profile only");
        foreach (LabMailbox account in lab.Mailboxes)
        {
            MailboxInput input = new() { EmailAddress = account.Address, Profile = "Lab", Password = account.Password };
            MailboxContract mailbox = (await api.PostAsync("mailboxes", input, Json.MailboxInput, Json.MailboxContract, cancellationToken)).Value;
            _mailboxes.Add((await api.PostAsync($"mailboxes/{mailbox.Id}/approve", Json.MailboxContract, cancellationToken)).Value);
        }

        terminal.MarkupLine($"{Mark} {_mailboxes.Count} mailboxes created, their passwords encrypted, and approved");
    }

    private async Task<bool> TestAsync(CancellationToken cancellationToken)
    {
        foreach (MailboxContract mailbox in _mailboxes)
            await api.PostAsync($"mailboxes/{mailbox.Id}/test", Json.TestJobContract, cancellationToken);

        terminal.MarkupLineInterpolated($"Test & Enable of {_mailboxes[0].EmailAddress}:");
        TestContract test = await WatchAsync(_mailboxes[0], ShowStep, cancellationToken);
        int enabled = Succeeded(test) ? 1 : 0;
        foreach (MailboxContract mailbox in _mailboxes.Skip(1))
        {
            test = await WatchAsync(mailbox, _ => { }, cancellationToken);
            if (Succeeded(test))
                enabled++;
            else
                ShowStep(test.Steps[^1]);
        }

        bool isWell = enabled == _mailboxes.Count;
        terminal.MarkupLine($"{(isWell ? Mark : "[red]✗[/]")} {enabled} of {_mailboxes.Count} mailboxes tested and enabled, each with a message to itself that came back");
        return isWell;
    }

    private async Task<TestContract> WatchAsync(MailboxContract mailbox, Action<StepContract> show, CancellationToken cancellationToken)
    {
        int shown = 0;
        while (true)
        {
            string path = string.Create(CultureInfo.InvariantCulture, $"mailboxes/{mailbox.Id}/test?steps={shown}");
            TestContract test = (await api.GetAsync(path, Json.TestContract, cancellationToken)).Value;
            foreach (StepContract step in test.Steps.Skip(shown))
                show(step);
            shown = test.Steps.Count;
            if (test.IsComplete)
                return test;
        }
    }

    private void ShowStep(StepContract step)
    {
        string mark = step.Outcome switch { StepOutcome.Passed => "[green]✓[/]", StepOutcome.Failed => "[red]✗[/]", _ => "[grey]-[/]" };
        string service = step.Service == MailService.Pop3 ? "receive" : "send";
        terminal.MarkupLine(string.Create(CultureInfo.InvariantCulture,
            $"    {mark} {service,-8}{step.Name,-15}{step.Milliseconds,6:F0} ms  {Markup.Escape(Shorten(step.Detail, 90))}"));
        if (step.Advice is { } advice)
            terminal.MarkupLineInterpolated($"      [yellow]{advice}[/]");
    }

    private async Task ReceiveAsync(int expected, CancellationToken cancellationToken)
    {
        long startedAt = Stopwatch.GetTimestamp();
        await terminal.Progress().AutoClear(false).Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn()).StartAsync(async progress =>
        {
            ProgressTask bar = progress.AddTask("Receiving", maxValue: Math.Max(expected, 1));
            while (true)
            {
                long received = (await api.GetAsync("status", Json.StatusContract, cancellationToken)).Value.EmailsReceived;
                bar.Value = expected == 0 ? 1 : received;
                if (received >= expected)
                    return;
                await Task.Delay(Pause, cancellationToken);
            }
        });
        TimeSpan elapsed = Stopwatch.GetElapsedTime(startedAt);
        terminal.MarkupLine(string.Create(CultureInfo.InvariantCulture,
            $"{Mark} {expected} messages received, each durably stored exactly once, {elapsed.TotalSeconds:F1} s after the last test"));
    }

    private async Task SendAsync(CancellationToken cancellationToken)
    {
        (MailboxContract from, MailboxContract to) = (_mailboxes[0], _mailboxes[1]);
        EmailInput input = new()
        {
            Mailbox = from.Id,
            To = [to.EmailAddress],
            Subject = "Hello from the demo",
            Text = "This message went from one mailbox to another:\nthrough the outbox, SMTP, POP3 and back into the store.\n",
        };
        EmailContract sent = (await api.PostAsync("emails", input, Json.EmailInput, Json.EmailContract, cancellationToken)).Value;
        while (sent.State is EmailState.PendingSend or EmailState.Sending)
        {
            await Task.Delay(Pause, cancellationToken);
            sent = (await api.GetAsync($"emails/{sent.Id}", Json.EmailContract, cancellationToken)).Value;
        }

        Recipient recipient = sent.Recipients![0];
        terminal.MarkupLineInterpolated($"[green]✓[/] {sent.Id} from {from.EmailAddress} to {to.EmailAddress} is {sent.State.ToString().ToLowerInvariant()}: {recipient.ReplyCode} {recipient.ReplyText}");

        await api.PostAsync($"mailboxes/{to.Id}/poll", cancellationToken);
        while (true)
        {
            string path = $"emails?mailbox={to.Id}&direction=incoming&limit=1000&after={sent.Id}";
            Page<EmailContract> page = (await api.GetAsync(path, Json.PageEmailContract, cancellationToken)).Value;
            if (page.Items.FirstOrDefault(email => email.MessageId == sent.MessageId) is { } received)
            {
                terminal.MarkupLineInterpolated($"[green]✓[/] received as {received.Id}, {received.Size} octets, SHA-256 {received.Sha256[..16]}…");
                return;
            }

            await Task.Delay(Pause, cancellationToken);
        }
    }

    private async Task SummariseAsync(CancellationToken cancellationToken)
    {
        Table table = new Table().RoundedBorder().AddColumns("Mailbox", "Status", "Received", "Sent", "Next poll");
        foreach (MailboxContract known in _mailboxes.Take(20))
        {
            MailboxContract mailbox = (await api.GetAsync($"mailboxes/{known.Id}", Json.MailboxContract, cancellationToken)).Value;
            table.AddRow(
                Markup.Escape(mailbox.EmailAddress),
                mailbox.MailboxStatus == EmailStatus.Success ? "[green]success[/]" : $"[red]{mailbox.MailboxStatus}[/]",
                mailbox.MessagesReceived.ToString(CultureInfo.InvariantCulture),
                mailbox.MessagesSent.ToString(CultureInfo.InvariantCulture),
                mailbox.NextPollAt?.ToString("HH:mm:ss 'UTC'", CultureInfo.InvariantCulture) ?? "");
        }

        if (_mailboxes.Count > 20)
            table.AddRow($"and {_mailboxes.Count - 20} more", "", "", "", "");
        terminal.Write(table);
        terminal.WriteLine($"The store lies in {appliance.Options.DataFolder} (emailsync.db).");
        terminal.WriteLine($"Look at it again:  emailsync run --EmailSync:DataFolder={appliance.Options.DataFolder}");
    }

    private static bool Succeeded(TestContract test) => test is { Incoming: EmailStatus.Success, Outgoing: EmailStatus.Success };

    private static string Shorten(string text, int length) => text.Length <= length ? text : text[..(length - 1)] + "…";
}
