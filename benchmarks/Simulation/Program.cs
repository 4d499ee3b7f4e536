using System.Globalization;
using EmailSync.Simulation;

// dotnet run -c Release --project benchmarks/Simulation -- [MAILBOXES] [HOSTS]: the figures of docs/reliability.md.
int mailboxes = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 100_000;
int hosts = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 100;

Print("all hosts healthy", SimulationOptions.Mixed(hosts));
Print("one host in a hundred dead", SimulationOptions.Mixed(hosts, (HostKind.Dead, hosts / 100)));
Print("a fifth of the hosts dead, flapping or throttling", SimulationOptions.Mixed(
    hosts, (HostKind.Dead, hosts / 20), (HostKind.Flapping, hosts / 10), (HostKind.Throttling, hosts / 20)));
await StartUp.PrintAsync(mailboxes, hosts);

void Print(string title, IReadOnlyList<HostKind> kinds)
{
    SimulationReport report = ScheduleSimulation.Run(new() { Mailboxes = mailboxes, Hosts = kinds, MaxConnections = 1000, Length = TimeSpan.FromMinutes(11) });
    Console.WriteLine(FormattableString.Invariant(
        $"{title}: {mailboxes:N0} mailboxes, schedule {report.ScheduleOctets / 1e6:F0} MB, loaded in {report.LoadTime.TotalSeconds:F2} s, simulated in {report.RunTime.TotalSeconds:F0} s"));
    foreach (KindReport kind in report.Kinds)
    {
        Console.WriteLine(FormattableString.Invariant(
            $"  {kind.Kind,-10} {kind.Mailboxes,9:N0} mailboxes {kind.Sessions,10:N0} sessions, late by p50 {kind.MedianLateness.TotalSeconds:F3} s, p99 {kind.P99Lateness.TotalSeconds:F3} s, most {kind.MaxLateness.TotalSeconds:F3} s; polls per mailbox {kind.FewestPolls:F2} to {kind.MostPolls:F2} by host"));
    }
}
