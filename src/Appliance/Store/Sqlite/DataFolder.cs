using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace EmailSync.Appliance.Store.Sqlite;

/// <summary>The folder that holds everything, locked for one appliance: the lock falls with the process, however it ends.</summary>
internal sealed class DataFolder : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly FileStream _lock;

    private DataFolder(string path, FileStream locked) => (Path, _lock) = (path, locked);

    public string Path { get; }

    public string DatabaseFile => System.IO.Path.Combine(Path, "emailsync.db");

    public string SpoolFolder => System.IO.Path.Combine(Path, "spool");

    public string KeyRingFolder => System.IO.Path.Combine(Path, "keys");

    /// <summary>Creates what is missing, and takes the lock.</summary>
    /// <exception cref="DataFolderException">Another appliance has it, or it cannot be written.</exception>
    public static DataFolder Open(string path)
    {
        path = System.IO.Path.GetFullPath(path);
        try
        {
            CreateFolder(path);
            DataFolder folder = new(path, Lock(path));
            folder.Sweep();
            CreateFolder(folder.SpoolFolder);
            CreateFolder(folder.KeyRingFolder);
            // An empty file is an empty database; created here, because SQLite would let others read it. Its log inherits the mode.
            CreateFile(folder.DatabaseFile, FileMode.OpenOrCreate, FileShare.ReadWrite).Dispose();
            Flush(path);
            return folder;
        }
        catch (Exception failure) when (failure is IOException and not DataFolderException or UnauthorizedAccessException)
        {
            throw new DataFolderException($"The data folder '{path}' cannot be used: {failure.Message}", failure);
        }
    }

    /// <summary>Creates a file that only its owner may read.</summary>
    public static FileStream CreateFile(string path, FileMode mode, FileShare share)
    {
        FileStreamOptions options = new() { Mode = mode, Access = FileAccess.ReadWrite, Share = share, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return new(path, options);
    }

    /// <summary>Makes the names in a folder durable. On Windows there is no such call, and NTFS journals a rename.</summary>
    public static void Flush(string path)
    {
        if (OperatingSystem.IsWindows())
            return;
        using SafeFileHandle handle = new(OpenFolder(path, 0), ownsHandle: true);
        if (handle.IsInvalid)
            throw new IOException($"The folder '{path}' cannot be opened (error {Marshal.GetLastPInvokeError()}).");
        RandomAccess.FlushToDisk(handle);
    }

    public void Dispose() => _lock.Dispose();

    // What a backup or a restore that was killed had begun: nobody else has the lock, so nobody is at it.
    private void Sweep()
    {
        foreach (string file in Directory.EnumerateFiles(Path, "backup-*.tmp"))
            File.Delete(file);
        foreach (string unfinished in Directory.EnumerateDirectories(Path, "restore-*.tmp"))
            Directory.Delete(unfinished, recursive: true);
    }

    private static FileStream Lock(string path)
    {
        string file = System.IO.Path.Combine(path, "emailsync.lock");
        try
        {
            return CreateFile(file, FileMode.OpenOrCreate, FileShare.None);
        }
        catch (IOException taken) when (IsSharingViolation(taken))
        {
            throw new DataFolderException(
                $"The data folder '{path}' is in use by another EmailSync process. Stop that one, or give this one a folder of its own.",
                taken);
        }
    }

    // EAGAIN of flock on Linux and on macOS, ERROR_SHARING_VIOLATION on Windows: nothing else means that somebody has the file.
    private static bool IsSharingViolation(IOException failure) => (failure.HResult & 0xFFFF) is 11 or 35 or 32;

    // .NET opens no folders. Flags 0 is O_RDONLY everywhere.
    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint OpenFolder([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    private static void CreateFolder(string path)
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(path);
        else
            Directory.CreateDirectory(path, OwnerOnly);
    }
}
