using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using EmailSync.Load.Clients;
using EmailSync.Load.Running;

namespace EmailSync.Load.Appliances;

/// <summary>The appliance as it is shipped, <c>emailsync run</c>, watched through what it logs.</summary>
internal sealed partial class ApplianceRun : IAsyncDisposable
{
    private const int Terminate = 15;

    private readonly Process _process;
    private readonly List<string> _trouble = [];
    private readonly Task _reading;
    private readonly TaskCompletionSource _loaded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _polls;

    private ApplianceRun(Process process)
    {
        _process = process;
        _reading = Task.WhenAll(ReadAsync(process.StandardOutput), ReadAsync(process.StandardError));
    }

    /// <summary>Polls that have ended well.</summary>
    public long Polls => Interlocked.Read(ref _polls);

    /// <summary>Seconds of the shared clock at which the first poll had ended; 0 before.</summary>
    public double FirstPollAt { get; private set; }

    /// <summary>The scheduler has read what is due.</summary>
    public Task Loaded => _loaded.Task;

    /// <summary>Processor time so far.</summary>
    public double CpuSeconds
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime.TotalSeconds;
        }
    }

    /// <summary>The most memory that was resident at once, so far.</summary>
    public long PeakOctets => 1024 * File.ReadLines($"/proc/{_process.Id}/status")
        .Where(line => line.StartsWith("VmHWM:", StringComparison.Ordinal))
        .Select(line => long.Parse(line.AsSpan("VmHWM:".Length, line.Length - "VmHWM:".Length - 2), NumberStyles.Integer | NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture))
        .Single();

    public static ApplianceRun Start(string folder, ClientPlan plan)
    {
        ProcessStartInfo start = new("dotnet", [plan.Appliance, "run"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder,
        };
        foreach ((string name, string value) in new[]
        {
            ("DataFolder", folder), ("HttpPort", "0"), ("AdditionalPorts__0", $"{plan.Port}"), ("AllowLoopbackAndPrivateServers", "true"),
            ("AllowNonSslEmail", $"{!plan.Tls}"), ("AllowBasicAuthenticationOnNonSecureChannel", $"{!plan.Tls}"),
            ("MaxConnections", $"{plan.Connections}"), ("MaxConnectionsPerHost", $"{plan.Connections}"),
        })
            start.Environment[$"EmailSync__{name}"] = value;
        return new(Process.Start(start)!);
    }

    /// <summary>Waits until so many polls have ended; the run's own time limit ends the wait.</summary>
    /// <exception cref="LoadException">It ended instead, or logged trouble.</exception>
    public async Task WhenPolledAsync(long polls)
    {
        while (Polls < polls)
        {
            ThrowIfTroubled();
            await Task.Delay(1);
        }
    }

    /// <exception cref="LoadException">It ended, or logged trouble.</exception>
    public void ThrowIfTroubled()
    {
        lock (_trouble)
        {
            if (_trouble.Count > 0 || _process.HasExited)
                throw new LoadException($"The appliance is in trouble: {string.Join(' ', _trouble.Take(5))}");
        }
    }

    /// <summary>SIGTERM: it ends its sessions and closes its store.</summary>
    public async Task StopAsync()
    {
        ThrowIfTroubled();
        if (Signal(_process.Id, Terminate) != 0)
            throw new InvalidOperationException($"kill failed with {Marshal.GetLastPInvokeError()}");
        await _process.WaitForExitAsync();
        await _reading;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }
        _process.Dispose();
    }

    // A log entry is a line with its level and another with its text.
    private async Task ReadAsync(StreamReader reader)
    {
        bool isTrouble = false;
        while (await reader.ReadLineAsync() is { } line)
        {
            if (line.Length > 4 && line[4] == ':')
                isTrouble = line.StartsWith("warn", StringComparison.Ordinal) || line.StartsWith("fail", StringComparison.Ordinal) || line.StartsWith("crit", StringComparison.Ordinal);
            else if (isTrouble && line.Contains("EmailSync", StringComparison.Ordinal) is false)
                Note(line);
            if (line.Contains("Scheduler loaded", StringComparison.Ordinal))
                _loaded.TrySetResult();
            if (!line.AsSpan().TrimStart().StartsWith("Polled ", StringComparison.Ordinal))
                continue;
            if (Interlocked.Increment(ref _polls) == 1)
                FirstPollAt = ProcessUse.Now;
        }
        _loaded.TrySetException(new LoadException("The appliance ended before it had begun."));
    }

    private void Note(string line)
    {
        lock (_trouble)
            _trouble.Add(line.Trim());
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Signal(int process, int signal);
}
