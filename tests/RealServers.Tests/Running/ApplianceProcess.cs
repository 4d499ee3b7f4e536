using System.Diagnostics;
using System.Runtime.InteropServices;
using EmailSync.RealServers.Tests.Servers;

namespace EmailSync.RealServers.Tests.Running;

/// <summary>The appliance as it is shipped: <c>emailsync run</c>, a process of its own, configured by its environment.</summary>
internal sealed partial class ApplianceProcess : IAsyncDisposable
{
    private const int Terminate = 15;

    // Another build of it, such as the published one.
    private static readonly string Program = Environment.GetEnvironmentVariable("EMAILSYNC_TEST_APPLIANCE") ?? Path.Combine(AppContext.BaseDirectory, "emailsync.dll");

    private readonly Process _process;
    private readonly Lock _lock = new();
    private readonly List<string> _lines = [];
    private TaskCompletionSource _changed = NewSignal();

    private ApplianceProcess(Process process)
    {
        _process = process;
        process.OutputDataReceived += (_, line) => Note(line.Data);
        process.ErrorDataReceived += (_, line) => Note(line.Data);
    }

    public int Id => _process.Id;

    /// <summary>What it has used of the processors so far: the same on a busy machine as on one that is not.</summary>
    public TimeSpan ProcessorTime
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    /// <summary>Everything it has printed so far.</summary>
    public string Output
    {
        get { lock (_lock) return string.Join('\n', _lines); }
    }

    /// <summary>Starts it.</summary>
    /// <param name="environment">Its configuration.</param>
    /// <param name="wrapper">A command that ends by becoming what follows it; empty for none.</param>
    public static ApplianceProcess Start(IEnumerable<(string Name, string Value)> environment, params string[] wrapper)
    {
        string[] words = [.. wrapper, "dotnet", Program, "run"];
        ProcessStartInfo start = new(words[0], words[1..]) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach ((string name, string value) in environment)
            start.Environment[name] = value;
        ApplianceProcess appliance = new(new() { StartInfo = start });
        appliance._process.Start();
        appliance._process.BeginOutputReadLine();
        appliance._process.BeginErrorReadLine();
        return appliance;
    }

    /// <summary>Waits until what it has printed satisfies a condition, which is tried after each line.</summary>
    /// <exception cref="InvalidOperationException">It ended instead, or did not come to it within a minute; the message has what it printed.</exception>
    public async Task WhenPrintedAsync(Func<IReadOnlyList<string>, bool> condition)
    {
        using CancellationTokenSource patience = Patience.Begin();
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                changed = _changed.Task;
                if (condition(_lines))
                    return;
            }

            try
            {
                await Task.WhenAny(changed, _process.WaitForExitAsync(patience.Token)).WaitAsync(patience.Token);
            }
            catch (OperationCanceledException late)
            {
                throw new InvalidOperationException($"The appliance did not print what was waited for:\n{Output}", late);
            }

            if (!changed.IsCompleted && _process.HasExited)
                throw new InvalidOperationException($"The appliance ended with {_process.ExitCode}:\n{Output}");
        }
    }

    /// <summary>Waits until a line holds this text.</summary>
    public Task WhenPrintedAsync(string text) => WhenPrintedAsync(lines => lines.Any(line => line.Contains(text, StringComparison.Ordinal)));

    /// <summary>Waits for something that it is to bring about elsewhere.</summary>
    /// <exception cref="InvalidOperationException">It ended before, or the wait did; the message has what it printed.</exception>
    public async Task RunUntilAsync(Task moment)
    {
        Task ended = _process.WaitForExitAsync(TestContext.Current.CancellationToken);
        try
        {
            if (await Task.WhenAny(moment, ended) == moment)
            {
                await moment;
                return;
            }
        }
        catch (OperationCanceledException late)
        {
            throw new InvalidOperationException($"The appliance did not come to what was waited for:\n{Output}", late);
        }

        throw new InvalidOperationException($"The appliance ended with {_process.ExitCode}:\n{Output}");
    }

    /// <summary>SIGKILL: it learns nothing of its end.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>SIGTERM, as a service manager stops it; it ends in good order.</summary>
    public async Task StopAsync()
    {
        SendTerminate();
        int code = await EndAsync();
        Assert.True(code == 0, $"The appliance ended with {code}:\n{Output}");
    }

    /// <summary>Sends SIGTERM, and does not wait.</summary>
    public void SendTerminate() => Assert.Equal(0, Signal(_process.Id, Terminate));

    /// <summary>Waits until it has ended, and returns its exit code.</summary>
    public async Task<int> EndAsync()
    {
        using CancellationTokenSource patience = Patience.Begin();
        await _process.WaitForExitAsync(patience.Token);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            await KillAsync();
        _process.Dispose();
    }

    private void Note(string? line)
    {
        TaskCompletionSource changed;
        lock (_lock)
        {
            if (line is not null)
                _lines.Add(line);
            (changed, _changed) = (_changed, NewSignal());
        }

        changed.TrySetResult();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    [LibraryImport("libc", EntryPoint = "kill")]
    public static partial int Signal(int process, int signal);
}
