using System.Diagnostics;
using EmailSync.Load.Messages;

namespace EmailSync.Load.Clients;

/// <summary>
/// Runs a mail program as often at once as there are to be connections, each for its share of the mailboxes, and looks at what it
/// delivered. It delivers into memory where the system has such a folder, so that no disk is measured.
/// </summary>
internal static class MailProgram
{
    private const string MemoryFolder = "/dev/shm";

    /// <summary>Writes a program's configuration for some mailboxes.</summary>
    /// <param name="folder">For its files; each mailbox has a folder of its number below it.</param>
    /// <param name="mailboxes">Its share.</param>
    /// <returns>The arguments to start it with.</returns>
    public delegate string[] Configure(string folder, IReadOnlyList<int> mailboxes);

    public static async Task<Tally> RunAsync(ClientPlan plan, string program, int[] goodExitCodes, Configure configure, Func<string, Tally> look)
    {
        string parent = Directory.Exists(MemoryFolder) ? MemoryFolder : Path.GetTempPath();
        string folder = Directory.CreateDirectory(Path.Combine(parent, $"emailsync-load-{Environment.ProcessId}-{Guid.NewGuid():N}")).FullName;
        try
        {
            await Task.WhenAll(Enumerable.Range(0, Math.Min(plan.Connections, plan.Mailboxes)).Select(async share =>
            {
                string own = Directory.CreateDirectory(Path.Combine(folder, $"share{share}")).FullName;
                LetAllWrite(own);
                int[] mailboxes = [.. Enumerable.Range(0, plan.Mailboxes).Where(mailbox => mailbox % plan.Connections == share)];
                foreach (int mailbox in mailboxes)
                    Maildir.Create(Path.Combine(own, $"{mailbox}"));
                await RunAsync(program, configure(own, mailboxes), own, goodExitCodes);
            }));
            return look(folder);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Writes a file that only its owner may read, as most programs ask of one with a password in it.</summary>
    public static string WriteSecret(string folder, string name, string text)
    {
        string path = Path.Combine(folder, name);
        File.WriteAllText(path, text);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return path;
    }

    /// <summary>For a program that does not deliver as root, and so runs as nobody.</summary>
    public static void LetAllWrite(string folder)
    {
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(folder, (UnixFileMode)0b111_111_111);
    }

    private static async Task RunAsync(string program, string[] arguments, string home, int[] goodExitCodes)
    {
        ProcessStartInfo start = new(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["HOME"] = home;
        start.Environment["FETCHMAILHOME"] = home;
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (!goodExitCodes.Contains(process.ExitCode))
            {
            string said = (await output + await errors).Trim();
            throw new LoadException($"{program} ended with {process.ExitCode}: {said[..Math.Min(said.Length, 1000)]}");
        }
    }
}
