using EmailSync.Load.Clients;
using EmailSync.Load.Messages;
using EmailSync.Load.Running;

namespace EmailSync.Load.Appliances;

/// <summary>
/// What the disk allows: the octets of all messages, written to files of their own and each synced, a few at once. No network, no protocol, no
/// database: for large mail it is the limit of any appliance.
/// </summary>
internal static class DiskWork
{
    private const int AtOnce = 4;

    public static async Task<Measurement> WriteAsync(ClientPlan plan)
    {
        MessageSet messages = new(plan.Size);
        DirectoryInfo folder = Directory.CreateTempSubdirectory("emailsync-disk-");
        try
        {
            double start = ProcessUse.Now;
            double cpu = ProcessUse.Own().CpuSeconds;
            await Parallel.ForAsync(0, plan.Mailboxes * plan.Messages, new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (file, cancellationToken) =>
            {
                byte[] content = messages.Content(messages.VariantOf(file / plan.Messages, (file % plan.Messages) + 1));
                await using FileStream stream = new(Path.Combine(folder.FullName, $"{file}"), FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
                await stream.WriteAsync(content, cancellationToken);
                stream.Flush(flushToDisk: true);
            });
            return new()
            {
                Passes = 1,
                Seconds = ProcessUse.Now - start,
                CpuSeconds = ProcessUse.Own().CpuSeconds - cpu,
                PeakOctets = ProcessUse.Own().PeakOctets,
                Tally = folder.EnumerateFiles().Aggregate(default(Tally), (sum, file) => sum + MessageSet.Of(File.ReadAllBytes(file.FullName), Part.Content)),
            };
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
