using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace EmailSync.Appliance.Store.Sqlite;

/// <summary>
/// Content too large for the database, one file each. A file is written under a temporary name, flushed, renamed, and its folder
/// flushed: once it has its final name it is whole, and a row may refer to it.
/// </summary>
internal sealed class Spool(string folder, TimeProvider clock) : IDisposable
{
    /// <summary>
    /// A final file without a row belongs to a commit that was cut off, whose message is still on its server; but after a
    /// database was restored from an older backup it is the only copy of an email. A day is time to notice.
    /// </summary>
    public static readonly TimeSpan OrphanAge = TimeSpan.FromDays(1);

    // More than a file system keeps back for itself, and little enough to be written every few seconds.
    private const int ProbeOctets = 1024 * 1024;

    private const int ReadBuffer = 64 * 1024;
    private const string FinalExtension = ".eml";
    private const string TemporaryExtension = ".tmp";

    // A flush blocks its thread. A few at a time keep the disk busy; more would only hold threads.
    private readonly SemaphoreSlim _flushes = new(4);

    /// <summary>Whether the disk takes writes.</summary>
    public StorageHealth Health { get; } = new(clock);

    /// <summary>A failure of the disk in the store's words, which is remembered.</summary>
    public StorageException Explain(Exception failure)
    {
        StorageException explained = StorageFailures.Explain(failure);
        Health.Fail(explained.Message);
        return explained;
    }

    /// <summary>Writes a file, flushes it, and deletes it.</summary>
    /// <exception cref="StorageException">The disk does not take it.</exception>
    public async ValueTask ProbeAsync(CancellationToken cancellationToken)
    {
        SpoolFile? file = null;
        try
        {
            file = Create();
            await RandomAccess.WriteAsync(file.Handle, new byte[ProbeOctets], 0, cancellationToken);
            SafeFileHandle handle = file.Handle;
            await Task.Factory.StartNew(() => RandomAccess.FlushToDisk(handle), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }
        catch (Exception failure) when (StorageFailures.IsOne(failure))
        {
            throw Explain(failure);
        }
        finally
        {
            if (file is not null)
                Drop(file);
        }
    }

    /// <summary>Opens a new temporary file.</summary>
    public SpoolFile Create()
    {
        // Version 7: names in the order of time, so that the folder's index grows at its end.
        string name = Guid.CreateVersion7(clock.GetUtcNow()).ToString("N");
        string path = Path.Combine(folder, name + TemporaryExtension);
        return new(path, name + FinalExtension, DataFolder.CreateFile(path, FileMode.CreateNew, FileShare.Read));
    }

    /// <summary>Makes a file durable under its final name.</summary>
    public async ValueTask KeepAsync(SpoolFile file, CancellationToken cancellationToken)
    {
        await _flushes.WaitAsync(cancellationToken);
        try
        {
            // Not on the thread pool: its threads are few, and a flush takes as long as the disk likes.
            await Task.Factory.StartNew(() => Keep(file), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }
        finally
        {
            _flushes.Release();
        }
    }

    /// <summary>Opens a file for reading.</summary>
    public Stream OpenRead(string name) =>
        new FileStream(Path.Combine(folder, name), new FileStreamOptions
        {
            Mode = FileMode.Open,
            Access = FileAccess.Read,
            Share = FileShare.Read | FileShare.Delete,
            BufferSize = ReadBuffer,
            Options = FileOptions.Asynchronous | FileOptions.SequentialScan,
        });

    /// <summary>Deletes a file that no row refers to.</summary>
    public void Delete(string name) => DeleteOrLeave(Path.Combine(folder, name));

    /// <summary>Drops a file that was not kept.</summary>
    public static void Drop(SpoolFile file)
    {
        file.Dispose();
        DeleteOrLeave(file.TemporaryPath);
    }

    /// <summary>
    /// Deletes what a crash left behind, and returns how many files that were. Nobody else writes here, for the data folder is locked:
    /// so every temporary file is garbage at once, and a file without a row after <see cref="OrphanAge"/>. Files that are not ours stay.
    /// </summary>
    public int Sweep(Func<string, bool> isReferredTo)
    {
        DateTimeOffset oldest = clock.GetUtcNow() - OrphanAge;
        int swept = 0;
        foreach (string path in Directory.EnumerateFiles(folder))
        {
            if (WrittenAt(path) is not { } writtenAt)
                continue;
            bool isGarbage = path.EndsWith(TemporaryExtension, StringComparison.Ordinal)
                || (path.EndsWith(FinalExtension, StringComparison.Ordinal) && writtenAt < oldest && !isReferredTo(Path.GetFileName(path)));
            if (!isGarbage)
                continue;
            File.Delete(path);
            swept++;
        }

        return swept;
    }

    public void Dispose() => _flushes.Dispose();

    // A version 7 name begins with the milliseconds since 1970 in 48 bits (RFC 9562 5.7): no look at the file is needed.
    private static DateTimeOffset? WrittenAt(string path) =>
        Guid.TryParseExact(Path.GetFileNameWithoutExtension(path.AsSpan()), "N", out Guid name) && name.Version == 7
            ? DateTimeOffset.FromUnixTimeMilliseconds((long)(BinaryPrimitives.ReadUInt64BigEndian(name.ToByteArray(bigEndian: true)) >> 16))
            : null;

    private static void DeleteOrLeave(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception failure) when (StorageFailures.IsOne(failure))
        {
            // Garbage on a failing disk is no reason to fail what the caller does; the sweep of the next start comes back to it.
        }
    }

    private void Keep(SpoolFile file)
    {
        RandomAccess.FlushToDisk(file.Handle);
        file.Dispose();
        File.Move(file.TemporaryPath, Path.Combine(folder, file.Name));
        // The rename itself is durable only once the folder is.
        DataFolder.Flush(folder);
    }
}

/// <summary>A file of the spool that is being written.</summary>
internal sealed class SpoolFile(string temporaryPath, string name, FileStream stream) : IDisposable
{
    public string TemporaryPath => temporaryPath;

    /// <summary>Its final name.</summary>
    public string Name => name;

    public SafeFileHandle Handle => stream.SafeFileHandle;

    public void Dispose() => stream.Dispose();
}
