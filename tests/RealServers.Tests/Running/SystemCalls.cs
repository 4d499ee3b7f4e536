using System.Globalization;
using System.Text.RegularExpressions;
using EmailSync.RealServers.Tests.Servers;

namespace EmailSync.RealServers.Tests.Running;

/// <summary>What a process asks of the kernel to reach others, seen by strace.</summary>
internal sealed partial class SystemCalls(string folder)
{
    public const string Strace = "/usr/bin/strace";

    private readonly string _file = Path.Combine(folder, "calls.strace");

    /// <summary>The command that runs another under strace, and becomes it: -D leaves the watching to a grandchild.</summary>
    public string[] Wrapper => [Strace, "-D", "-f", "-e", "trace=connect,sendto,sendmsg,sendmmsg", "-o", _file];

    /// <summary>Skips the test where there is no strace.</summary>
    public static void Require() =>
        Assert.SkipUnless(OperatingSystem.IsLinux() && File.Exists(Strace), "Watching system calls needs strace (apt-get install strace)");

    /// <summary>The calls that named an Internet address, with its port, once the process has ended.</summary>
    public async Task<IReadOnlyList<(string Call, int Port)>> ReadAsync(int process)
    {
        using CancellationTokenSource patience = Patience.Begin();
        // strace pads a number to five places.
        string end = string.Create(CultureInfo.InvariantCulture, $"{process,-5} +++ exited");
        string[] lines = await File.ReadAllLinesAsync(_file, patience.Token);
        // The grandchild writes down the end when it has seen it, which is a moment later.
        while (!Array.Exists(lines, line => line.StartsWith(end, StringComparison.Ordinal)))
        {
            await Task.Yield();
            lines = await File.ReadAllLinesAsync(_file, patience.Token);
        }

        return [.. lines.Select(line => (Line: line, Match: Address().Match(line))).Where(each => each.Match.Success)
            .Select(each => (each.Line, int.Parse(each.Match.Groups["port"].ValueSpan, CultureInfo.InvariantCulture)))];
    }

    /// <summary>Where in its file a call wrote; null for one that is no write. One that another thread interrupts counts where it begins.</summary>
    public static long? OffsetWritten(string call) =>
        Written().Match(call) is { Success: true } match ? long.Parse(match.Groups["offset"].ValueSpan, CultureInfo.InvariantCulture) : null;

    [GeneratedRegex(@"pwrite64\(\d+, .*, \d+, (?<offset>\d+)[) ]")]
    private static partial Regex Written();

    [GeneratedRegex(@"sa_family=AF_INET6?, sin6?_port=htons\((?<port>\d+)\)")]
    private static partial Regex Address();
}
