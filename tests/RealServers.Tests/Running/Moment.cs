using System.Runtime.CompilerServices;
using EmailSync.Lab;
using EmailSync.RealServers.Tests.Servers;

namespace EmailSync.RealServers.Tests.Running;

/// <summary>When a process is killed.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="WaitAsync">Prepares for it, and returns when it has come.</param>
internal sealed record Moment(string Name, Func<LabServer, ApplianceFolder, Random, CancellationToken, Task> WaitAsync)
{
    /// <summary>As soon as the server's script has struck: one conversation stands still at exactly that point.</summary>
    public static Moment Struck(Func<Random, Strike> choose, [CallerArgumentExpression(nameof(choose))] string name = "") =>
        new(name, (lab, _, random, cancellationToken) =>
        {
            long before = lab.Journal.Count("* struck");
            lab.Misbehave(choose(random) with { Times = 1 });
            return lab.Journal.WhenAsync(journal => journal.Count("* struck") > before, cancellationToken);
        });

    /// <summary>When the server has seen a command, or an event, up to so many times. Nothing stands still.</summary>
    public static Moment Seen(string verb, int atMost) =>
        new($"{verb}, among the first {atMost}", (lab, _, random, cancellationToken) =>
        {
            long enough = lab.Journal.Count(verb) + random.Next(1, atMost + 1);
            return lab.Journal.WhenAsync(journal => journal.Count(verb) >= enough, cancellationToken);
        });

    /// <summary>When the database's log was written to, up to so many times: in the middle of a transaction, or behind it.</summary>
    public static Moment Written(int atMost) =>
        new($"a write to the log, among the first {atMost}", (_, folder, random, cancellationToken) =>
            FolderWatch.WhenWrittenAsync(folder.DataFolder, "emailsync.db-wal", random.Next(1, atMost + 1), cancellationToken));

    public override string ToString() => Name;
}
