using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using EmailSync.Appliance.Api.Contracts;

namespace EmailSync.Appliance.Cli;

/// <summary><c>emailsync backup</c> and <c>emailsync rotate-keys</c>.</summary>
internal static class UpkeepVerbs
{
    private const string BackupHelp =
        """
        Writes a backup of the running appliance: the database and all messages, as of one moment.

        Passwords are in it as ciphertexts. The keys that open them are in it only under a passphrase; without one, keep the data folder's keys
        folder elsewhere, or give the passwords again after a restore.

        Examples:
          emailsync backup /backups/emailsync.tar
          emailsync backup /backups/emailsync.tar --passphrase-file backup-passphrase
        """;

    private const string RotateHelp =
        """
        Encrypts every stored password under a new key, and deletes the keys that nothing needs any more.

        Backups from before hold passwords under the old keys: make a new one afterwards. Run again where it was interrupted.

        Examples:
          emailsync rotate-keys
        """;

    /// <summary>The verbs.</summary>
    public static IEnumerable<Command> Create(VerbRunner runner)
    {
        Argument<FileInfo> file = new("FILE") { Description = "The archive to write." };
        Option<string?> passphrase = new("--passphrase-file") { Description = "Its first line encrypts the key ring into the backup; - asks, or reads standard input.", HelpName = "FILE" };
        yield return runner.Create("backup", BackupHelp, verb => BackupAsync(verb, runner.Environment, verb.Parse.GetRequiredValue(file), verb.Parse.GetValue(passphrase)), file, passphrase);
        yield return runner.Create("rotate-keys", RotateHelp, async verb =>
        {
            Answer<RotationContract> answer = await verb.Appliance.PostAsync("rotate-keys", ContractJson.Contract.RotationContract, verb.Cancellation);
            if (verb.Output.IsJson)
                verb.Output.Show(answer.Value, ContractJson.Contract.RotationContract);
            verb.Output.Say(string.Create(CultureInfo.InvariantCulture, $"{answer.Value.Secrets} secrets encrypted anew, {answer.Value.RetiredKeys} old keys deleted"));
        });
    }

    private static async Task BackupAsync(Verb verb, ControlEnvironment environment, FileInfo file, string? passphraseFile)
    {
        JsonObject input = passphraseFile is null ? [] : new() { ["passphrase"] = environment.ReadSecret(passphraseFile, "Passphrase: ") };
        string partial = file.FullName + ".partial";
        FileStreamOptions options = new() { Mode = FileMode.Create, Access = FileAccess.Write, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        try
        {
            await using (FileStream archive = new(partial, options))
            {
                await verb.Appliance.CopyAsync("backup", input, archive, verb.Cancellation);
                archive.Flush(flushToDisk: true);
            }

            File.Move(partial, file.FullName, overwrite: true);
        }
        finally
        {
            File.Delete(partial);
        }

        verb.Output.Say(string.Create(CultureInfo.InvariantCulture, $"{file.FullName}: {new FileInfo(file.FullName).Length} octets"));
        if (verb.Output.IsJson)
            verb.Output.Show(new JsonObject { ["file"] = file.FullName, ["octets"] = new FileInfo(file.FullName).Length, ["hasKeys"] = passphraseFile is not null }, ContractJson.Contract.JsonObject);
    }
}
