using System.Diagnostics;
using System.Globalization;
using EmailSync.RealServers.Tests.Servers;

namespace EmailSync.RealServers.Tests.Running;

/// <summary>System calls of a running process that fail as they do on a broken disk, by way of strace, until they are let go.</summary>
internal sealed class FailingCalls : IAsyncDisposable
{
    private const int Interrupt = 2;

    private readonly Process _strace;
    private readonly string _file;

    private FailingCalls(Process strace, string file) => (_strace, _file) = (strace, file);

    /// <summary>Lets a process's calls fail from now on. Returns when it is so.</summary>
    /// <param name="process">Which process.</param>
    /// <param name="calls">Which calls are written down.</param>
    /// <param name="fault">Which of them fail, how, and from which on; such as <c>fsync:error=EIO:when=3+</c>.</param>
    /// <param name="folder">Where strace writes down what it did.</param>
    /// <param name="path">Only where this file is meant; null for every file.</param>
    public static async Task<FailingCalls> BeginAsync(int process, string calls, string fault, string folder, string? path = null)
    {
        string file = Path.Combine(folder, "faults.strace");
        string[] words =
        [
            "-f", "-p", process.ToString(CultureInfo.InvariantCulture), "-e", $"trace={calls}", "-e", $"inject={fault}", "-s", "0", "-o", file,
            .. path is null ? Array.Empty<string>() : ["-P", path],
        ];
        Process strace = new() { StartInfo = new(SystemCalls.Strace, words) { RedirectStandardError = true } };
        TaskCompletionSource attached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        List<string> printed = [];
        strace.ErrorDataReceived += (_, line) =>
        {
            printed.Add(line.Data ?? "(strace ended)");
            if (line.Data is null)
                attached.TrySetException(new InvalidOperationException(string.Join('\n', printed)));
            else if (line.Data.Contains("attached", StringComparison.Ordinal))
                attached.TrySetResult();
        };
        strace.Start();
        strace.BeginErrorReadLine();
        FailingCalls failing = new(strace, file);
        using CancellationTokenSource patience = Patience.Begin();
        await attached.Task.WaitAsync(patience.Token);
        return failing;
    }

    /// <summary>The calls so far.</summary>
    public IEnumerable<string> Calls => File.ReadLines(_file);

    /// <summary>How many of them failed.</summary>
    public int Failed => Calls.Count(call => call.Contains("(INJECTED)", StringComparison.Ordinal));

    /// <summary>Waits until so many more calls have failed.</summary>
    public async Task WhenMoreFailedAsync(int count)
    {
        int enough = Failed + count;
        await FolderWatch.WhenAsync(Path.GetDirectoryName(_file)!, () => Failed >= enough);
    }

    /// <summary>From now on all calls do again what they are for.</summary>
    public async Task EndAsync()
    {
        using CancellationTokenSource patience = Patience.Begin();
        Assert.Equal(0, ApplianceProcess.Signal(_strace.Id, Interrupt));
        await _strace.WaitForExitAsync(patience.Token);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_strace.HasExited)
            await EndAsync();
        _strace.Dispose();
    }
}
