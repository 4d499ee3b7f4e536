using System.Diagnostics;

namespace EmailSync.Load.Running;

/// <summary>Another process of this program, spoken to line by line.</summary>
internal sealed class Child : IAsyncDisposable
{
    private readonly Process _process;

    /// <param name="role">What it is to be.</param>
    /// <param name="plan">In JSON.</param>
    public Child(string role, string plan)
    {
        ProcessStartInfo start = new(Environment.ProcessPath!) { RedirectStandardInput = true, RedirectStandardOutput = true };
        // Under "dotnet Load.dll" the program is the runtime's host.
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
            start.ArgumentList.Add(Environment.GetCommandLineArgs()[0]);
        // A server's idle threads that spin would take the processor from the client that is measured.
        if (role == "serve")
            start.Environment["DOTNET_ThreadPool_UnfairSemaphoreSpinLimit"] = "0";
        start.ArgumentList.Add(role);
        start.ArgumentList.Add(plan);
        _process = Process.Start(start)!;
    }

    /// <summary>Reads a line.</summary>
    /// <exception cref="LoadException">It ended instead.</exception>
    public async Task<string> ReadLineAsync(CancellationToken cancellationToken) =>
        await _process.StandardOutput.ReadLineAsync(cancellationToken)
        ?? throw new LoadException("A process of the run ended early; what it said of that stands above.");

    public Task WriteLineAsync(string line) => _process.StandardInput.WriteLineAsync(line);

    /// <summary>Closes its standard input, which ends it; kills it and what it started if it does not end.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            _process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended before.
        }
        using CancellationTokenSource patience = new(TimeSpan.FromSeconds(5));
        try
        {
            await _process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            _process.Kill(entireProcessTree: true);
        }
        _process.Dispose();
    }
}
