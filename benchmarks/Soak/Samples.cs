using System.Globalization;
using EmailSync.Lab;

namespace EmailSync.Soak;

/// <summary>What the process takes, every half minute, as a table and in a few words.</summary>
internal sealed class Samples(SoakedAppliance appliance, LabServer lab, Correspondence mail, string file) : IAsyncDisposable
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(30);

    private readonly StreamWriter _table = new(file) { AutoFlush = true };
    private readonly List<Sample> _samples = [];
    private readonly long _started = TimeProvider.System.GetTimestamp();

    /// <summary>Samples until it is cancelled.</summary>
    public async Task WatchAsync(CancellationToken cancellationToken)
    {
        await _table.WriteLineAsync("minute,messages,sign_ins,resident_mb,handles,threads,database_mb,wal_mb,spool_files");
        using PeriodicTimer timer = new(Every);
        try
        {
            do
            {
                Sample sample = Take();
                _samples.Add(sample);
                await _table.WriteLineAsync(sample.ToString());
            }
            while (await timer.WaitForNextTickAsync(cancellationToken));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // That is how it ends.
        }
    }

    /// <summary>The middle of the second quarter beside the middle of the last: what grows shows.</summary>
    public string Summary()
    {
        Sample early = Middle(_samples.Count / 4, _samples.Count / 2);
        Sample late = Middle(_samples.Count * 3 / 4, _samples.Count);
        return string.Create(CultureInfo.InvariantCulture, $"""
            {lab.Journal.SignIns} sign-ins, {mail.Count} messages in {_samples[^1].Minute:F0} minutes.
            Second quarter (medians): {early.ResidentMegabytes:F0} MB resident, {early.Handles} handles, {early.Threads} threads.
            Last quarter (medians): {late.ResidentMegabytes:F0} MB resident, {late.Handles} handles, {late.Threads} threads.
            Database in the last quarter: from {_samples[_samples.Count * 3 / 4].DatabaseMegabytes:F1} to {_samples[^1].DatabaseMegabytes:F1} MB; log {_samples[^1].LogMegabytes:F1} MB.
            """);
    }

    public ValueTask DisposeAsync() => _table.DisposeAsync();

    private Sample Middle(int from, int to)
    {
        Sample[] part = [.. _samples[from..to]];
        return part[part.Length / 2] with
        {
            ResidentMegabytes = Median(part.Select(sample => sample.ResidentMegabytes)),
            Handles = (int)Median(part.Select(sample => (double)sample.Handles)),
            Threads = (int)Median(part.Select(sample => (double)sample.Threads)),
        };
    }

    private static double Median(IEnumerable<double> values)
    {
        double[] ordered = [.. values.Order()];
        return ordered[ordered.Length / 2];
    }

    private Sample Take()
    {
        Dictionary<string, string> status = File.ReadLines($"/proc/{appliance.ProcessId}/status")
            .Select(line => line.Split(':', 2)).ToDictionary(pair => pair[0], pair => pair[1].Trim());
        return new(
            TimeProvider.System.GetElapsedTime(_started).TotalMinutes,
            mail.Count,
            lab.Journal.SignIns,
            double.Parse(status["VmRSS"].Split(' ')[0], CultureInfo.InvariantCulture) / 1024,
            Directory.EnumerateFileSystemEntries($"/proc/{appliance.ProcessId}/fd").Count(),
            int.Parse(status["Threads"], CultureInfo.InvariantCulture),
            Megabytes("emailsync.db"),
            Megabytes("emailsync.db-wal"),
            Directory.EnumerateFiles(Path.Combine(appliance.DataFolder, "spool"), "*", SearchOption.AllDirectories).Count());
    }

    private double Megabytes(string name) =>
        new FileInfo(Path.Combine(appliance.DataFolder, name)) is { Exists: true } file ? file.Length / 1024.0 / 1024 : 0;

    private sealed record Sample(
        double Minute, int Messages, long SignIns, double ResidentMegabytes, int Handles, int Threads, double DatabaseMegabytes, double LogMegabytes, int SpoolFiles)
    {
        public override string ToString() => string.Create(
            CultureInfo.InvariantCulture,
            $"{Minute:F1},{Messages},{SignIns},{ResidentMegabytes:F1},{Handles},{Threads},{DatabaseMegabytes:F1},{LogMegabytes:F1},{SpoolFiles}");
    }
}
