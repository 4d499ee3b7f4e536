using System.Diagnostics;

namespace EmailSync.Packages.Tests;

/// <summary>Runs programs to their end.</summary>
internal static class Sdk
{
    /// <summary>How long any of it may take, on a machine that has much else to do.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <summary>Runs <c>dotnet</c> without any process that outlives it.</summary>
    public static Task<(int ExitCode, string Printed)> DotnetAsync(string folder, params string[] words) =>
        RunAsync("dotnet", folder, new() { ["MSBUILDDISABLENODEREUSE"] = "1", ["UseSharedCompilation"] = "false" }, words);

    /// <summary>Runs a program; what it printed is its output and its errors, as they came.</summary>
    public static async Task<(int ExitCode, string Printed)> RunAsync(
        string program, string folder, Dictionary<string, string> environment, params string[] words)
    {
        ProcessStartInfo start = new(program, words) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach ((string name, string value) in environment)
            start.Environment[name] = value;
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(Patience);
        using Process process = Process.Start(start)!;
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(patience.Token);
            Task<string> errors = process.StandardError.ReadToEndAsync(patience.Token);
            await process.WaitForExitAsync(patience.Token);
            return (process.ExitCode, await output + await errors);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }
}
