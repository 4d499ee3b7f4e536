using System.CommandLine;
using EmailSync.Lab;
using EmailSync.Soak;

Option<int> mailboxes = new("--mailboxes") { Description = "How many mailboxes are polled.", DefaultValueFactory = _ => 5000 };
Option<int> minutes = new("--minutes") { Description = "How long; no new mail comes in the last quarter.", DefaultValueFactory = _ => 60 };
Option<double> rate = new("--rate") { Description = "Messages a second, received and sent.", DefaultValueFactory = _ => 5 };
Option<DirectoryInfo> folder = new("--folder") { Description = "For the data folder and the samples; must not exist.", Required = true };
RootCommand command = new("An hour of an appliance among servers that misbehave: whether it stays as it was, and has every message once.")
{
    mailboxes, minutes, rate, folder,
};
command.SetAction(async (parsed, cancellationToken) =>
{
    string root = Directory.CreateDirectory(parsed.GetRequiredValue(folder).FullName).FullName;
    TimeSpan whole = TimeSpan.FromMinutes(parsed.GetValue(minutes));
    await using LabServer lab = await LabServer.StartAsync(
        new() { Mailboxes = parsed.GetValue(mailboxes), MessagesPerMailbox = 0, RecordCommands = false, KeepContent = false }, cancellationToken);
    SoakedAppliance appliance = await SoakedAppliance.StartAsync(lab, root, cancellationToken);
    await using (appliance)
    {
        Correspondence mail = new(lab, appliance, parsed.GetValue(rate));
        await using Samples samples = new(appliance, lab, mail, Path.Combine(root, "samples.csv"));
        using CancellationTokenSource watching = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task watch = samples.WatchAsync(watching.Token);
        await mail.RunAsync(whole * 0.75, cancellationToken);
        await Task.Delay(whole * 0.25, cancellationToken);
        await watching.CancelAsync();
        await watch;
        await appliance.StopAsync(cancellationToken);
        string verdict = await mail.CompareAsync(cancellationToken);
        Console.WriteLine(samples.Summary());
        Console.WriteLine(verdict);
        return verdict.StartsWith("Every", StringComparison.Ordinal) ? 0 : 1;
    }
});
return await command.Parse(args).InvokeAsync();
