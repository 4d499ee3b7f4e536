using System.Runtime.InteropServices;

namespace EmailSync.RealServers.Tests.Servers;

/// <summary>Files and folders that belong to the system user whose mail they hold.</summary>
internal static partial class OwnedFiles
{
    /// <summary>The user and group named mail, on every Debian system.</summary>
    public const int Mail = 8;

    public static void CreateFolder(string path)
    {
        if (Directory.Exists(path))
            return;
        string parent = Path.GetDirectoryName(path)!;
        if (!Directory.Exists(parent))
            CreateFolder(parent);
        Directory.CreateDirectory(path);
        Own(path);
    }

    public static void Write(string path, ReadOnlySpan<byte> content)
    {
        File.WriteAllBytes(path, content);
        Own(path);
    }

    public static void Own(string path, int user = Mail)
    {
        if (ChangeOwner(path, user, user == Mail ? Mail : -1) != 0)
            throw new IOException($"chown {path}: error {Marshal.GetLastPInvokeError()}");
    }

    [LibraryImport("libc", EntryPoint = "chown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int ChangeOwner(string path, int user, int group);
}
