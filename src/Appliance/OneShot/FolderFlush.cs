using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace EmailSync.Appliance.OneShot;

/// <summary>Makes a folder's entries durable: a new or renamed file survives a loss of power only once its folder was flushed.</summary>
internal static class FolderFlush
{
    /// <summary>Flushes a folder. On Windows there is no such call, and NTFS journals the entries.</summary>
    public static void Flush(string folder)
    {
        if (OperatingSystem.IsWindows())
            return;
        using SafeFileHandle handle = new(Open(folder, flags: 0), ownsHandle: true); // .NET opens no folders; 0 is O_RDONLY everywhere
        if (handle.IsInvalid)
            throw new IOException($"The folder '{folder}' cannot be opened (error {Marshal.GetLastPInvokeError()}).");
        RandomAccess.FlushToDisk(handle);
    }

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);
}
