using System.Globalization;

namespace EmailSync.Appliance.Upkeep;

/// <summary>The data folder and what lies around it: who can read it, how full the disk is, whether the clock can be right.</summary>
internal static class FolderChecks
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const long LeastFree = 100L << 20;
    private const long ComfortablyFree = 1L << 30;

    /// <summary>Whether the folder is there, and only its owner can read it.</summary>
    public static Check Folder(string path)
    {
        if (!Directory.Exists(path))
            return new("data folder", Finding.Warning, $"{path} does not exist", "It is made at the first 'emailsync run'; name another with EmailSync__DataFolder.");
        string probe = Path.Combine(path, $"doctor-{Guid.NewGuid():N}.tmp");
        try
        {
            File.WriteAllText(probe, "");
            File.Delete(probe);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return new("data folder", Finding.Failed, failure.Message, "Run as the appliance's user, or give the folder to it.");
        }

        string[] open = [.. Secrets(path).Where(IsOpenToOthers)];
        return open.Length == 0
            ? new("data folder", Finding.Ok, $"{path} can be written, and only its owner can read it")
            : new("data folder", Finding.Failed, $"others can read {string.Join(", ", open.Take(5))}", $"chmod go= {open[0]} …");
    }

    /// <summary>Whether the key ring can be read.</summary>
    public static Check KeyRing(string path)
    {
        string folder = Path.Combine(path, "keys");
        string[] files = Directory.Exists(folder) ? Directory.GetFiles(folder, "*.xml") : [];
        if (files.Length == 0)
            return new("key ring", Finding.Ok, "no key yet: one is made with the first password");
        try
        {
            int plain = files.Count(file => !File.ReadAllText(file).Contains("<encryptedKey", StringComparison.Ordinal) && !File.ReadAllText(file).Contains("underMasterKey", StringComparison.Ordinal));
            string count = string.Create(CultureInfo.InvariantCulture, $"{files.Length} keys, {files.Length - plain} of them encrypted");
            return new("key ring", Finding.Ok, plain == 0 ? count : $"{count}; the others are protected by their files' mode",
                plain == 0 ? null : "KeyRingMasterKey or KeyRingCertificate encrypts new keys; 'emailsync rotate-keys' then replaces the old ones.");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return new("key ring", Finding.Failed, failure.Message, "Run as the appliance's user.");
        }
    }

    /// <summary>How much room there is.</summary>
    public static Check Disk(string path)
    {
        DriveInfo drive = new(Path.GetFullPath(path));
        long free = drive.AvailableFreeSpace;
        string detail = string.Create(CultureInfo.InvariantCulture, $"{free >> 20} MiB free");
        return free < LeastFree ? new("disk", Finding.Failed, detail, "Free space; the appliance stores nothing on a full disk, and deletes nothing on the servers.")
            : free < ComfortablyFree ? new("disk", Finding.Warning, detail, "Free space, or move the data folder.")
            : new("disk", Finding.Ok, detail);
    }

    /// <summary>Whether the clock can be right: it is not before what is already stored. Certificates and dates are judged by it.</summary>
    public static Check Clock(string path, TimeProvider clock)
    {
        DateTimeOffset now = clock.GetUtcNow();
        DateTimeOffset written = Directory.Exists(path)
            ? Directory.EnumerateFiles(path).Select(file => new DateTimeOffset(File.GetLastWriteTimeUtc(file))).Append(DateTimeOffset.MinValue).Max()
            : DateTimeOffset.MinValue;
        string detail = now.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        return written > now + TimeSpan.FromMinutes(1)
            ? new("clock", Finding.Failed, $"{detail} is before the last write here ({written:yyyy-MM-dd HH:mm:ss'Z'})", "Set the clock, and keep it set: chrony, systemd-timesyncd.")
            : new("clock", Finding.Ok, detail);
    }

    /// <summary>Whether enough files can be open at once: a session needs one, the store a few.</summary>
    public static Check OpenFiles(int maxConnections)
    {
        const string Limits = "/proc/self/limits";
        if (!File.Exists(Limits))
            return new("open files", Finding.Skipped, "this system has no such limit to read");
        string line = File.ReadLines(Limits).First(line => line.StartsWith("Max open files", StringComparison.Ordinal));
        string soft = line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[3];
        long needed = 200 + 2L * maxConnections;
        return soft == "unlimited" || long.Parse(soft, CultureInfo.InvariantCulture) >= needed
            ? new("open files", Finding.Ok, string.Create(CultureInfo.InvariantCulture, $"{soft} at once, {needed} needed for {maxConnections} connections"))
            : new("open files", Finding.Failed, string.Create(CultureInfo.InvariantCulture, $"{soft} at once, {needed} needed for {maxConnections} connections"),
                "Raise the limit (LimitNOFILE= in the unit, ulimit -n), or lower MaxConnections.");
    }

    private static bool IsOpenToOthers(string entry) => !OperatingSystem.IsWindows() && (File.GetUnixFileMode(entry) & ~OwnerOnly) != 0;

    private static IEnumerable<string> Secrets(string path) =>
        new[] { path, Path.Combine(path, "keys"), Path.Combine(path, "spool"), Path.Combine(path, "emailsync.db") }
            .Where(entry => Directory.Exists(entry) || File.Exists(entry))
            .Concat(Directory.Exists(Path.Combine(path, "keys")) ? Directory.EnumerateFiles(Path.Combine(path, "keys")) : []);
}
