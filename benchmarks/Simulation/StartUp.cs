using System.Globalization;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Processing;
using EmailSync.Appliance.Scheduling;
using EmailSync.Appliance.Store;
using EmailSync.Appliance.Store.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace EmailSync.Simulation;

/// <summary>How soon the appliance polls after a start, from a real store with so many mailboxes, all of them due.</summary>
internal static class StartUp
{
    private const int AtATime = 512;

    public static async Task PrintAsync(int mailboxes, int profiles)
    {
        string folder = Directory.CreateTempSubdirectory("emailsync-start-").FullName;
        try
        {
            await using (IStore filled = await SqliteStore.OpenAsync(new() { DataFolder = folder }, TimeProvider.System))
                await FillAsync(filled, mailboxes, profiles);

            long started = TimeProvider.System.GetTimestamp();
            await using IStore store = await SqliteStore.OpenAsync(new() { DataFolder = folder }, TimeProvider.System);
            TimeSpan opened = TimeProvider.System.GetElapsedTime(started);
            TimeSpan? first = null;
            using CancellationTokenSource stop = new();
            WorkRunner poll = async (_, _, _, cancellationToken) =>
            {
                first ??= TimeProvider.System.GetElapsedTime(started);
                await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
                return default;
            };
            using MailboxScheduler scheduler = new(store, poll, (_, _, _, _) => Task.CompletedTask, new(), TimeProvider.System, NullLogger<MailboxScheduler>.Instance);
            Task running = scheduler.RunAsync(stop.Token);
            while (scheduler.Snapshot().Planned < mailboxes)
                await Task.Delay(10);
            TimeSpan loaded = TimeProvider.System.GetElapsedTime(started);
            await stop.CancelAsync();
            await running;
            Console.WriteLine(FormattableString.Invariant(
                $"start from a store with {mailboxes:N0} mailboxes, all due: store open after {opened.TotalSeconds:F2} s, first poll after {first!.Value.TotalSeconds:F2} s, whole schedule after {loaded.TotalSeconds:F2} s"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task FillAsync(IStore store, int mailboxes, int profiles)
    {
        List<ProfileId> ids = [];
        for (int profile = 0; profile < profiles; profile++)
        {
            ids.Add((await store.Profiles.CreateAsync(new()
            {
                Name = string.Create(CultureInfo.InvariantCulture, $"profile {profile}"),
                Incoming = new() { Location = new(HostName.Parse($"pop{profile}.example.com"), 995, TlsMode.Implicit) },
            }, CancellationToken.None)).Id);
        }

        foreach (int[] some in Enumerable.Range(0, mailboxes).Chunk(AtATime))
        {
            await Task.WhenAll(some.Select(number => store.Mailboxes.CreateAsync(new()
            {
                Name = string.Create(CultureInfo.InvariantCulture, $"{number}"),
                EmailAddress = string.Create(CultureInfo.InvariantCulture, $"user{number}@example.com"),
                Profile = ids[number % ids.Count],
                State = new() { EnabledForIncoming = true, NextPollAt = DateTimeOffset.UnixEpoch },
            }, CancellationToken.None).AsTask()));
        }
    }
}
