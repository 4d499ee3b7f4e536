using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using EmailSync.Appliance.Api.Contracts;
using EmailSync.Appliance.Cli;
using EmailSync.Appliance.Store.Sqlite;
using EmailSync.Protocols.Wire;

namespace EmailSync.Appliance.Upkeep;

/// <summary><c>emailsync restore</c>.</summary>
internal static class RestoreCommand
{
    private const string Help =
        """
        Puts a backup into a data folder, while no appliance runs on it. The whole archive is checked first.

        What waited in the outbox when the backup was made waits again, although it may have been sent since: look at 'emailsync email list --state
        pending-send' and cancel what has gone out, before you enable mailboxes.

        Examples:
          emailsync restore /backups/emailsync.tar --data-folder /var/lib/emailsync
          emailsync restore /backups/emailsync.tar --passphrase-file backup-passphrase --replace
        """;

    /// <summary>The verb.</summary>
    public static Command Create(VerbRunner runner, UpkeepEnvironment environment)
    {
        Argument<FileInfo> file = new("FILE") { Description = "The archive." };
        Option<string> folder = new("--data-folder") { Description = "Where to.", HelpName = "FOLDER", DefaultValueFactory = _ => environment.DataFolder };
        Option<string?> passphrase = new("--passphrase-file") { Description = "Its first line opens the key ring in the backup; - asks, or reads standard input.", HelpName = "FILE" };
        Option<bool> replace = new("--replace") { Description = "Move aside what the folder holds." };
        return runner.Create("restore", Help, async verb =>
        {
            Secret? secret = verb.Parse.GetValue(passphrase) is { } passphraseFile ? new Secret(environment.Control.ReadSecret(passphraseFile, "Passphrase: ")) : null;
            await using FileStream archive = verb.Parse.GetRequiredValue(file).OpenRead();
            RestoreReport report = await Restore.RunAsync(
                archive, verb.Parse.GetRequiredValue(folder), secret, verb.Parse.GetValue(replace), TimeProvider.System, verb.Cancellation);
            verb.Output.Say(string.Create(CultureInfo.InvariantCulture,
                $"Restored the backup of {report.CreatedAt:yyyy-MM-dd HH:mm:ss'Z'}: {report.Emails} emails, {report.Secrets} secrets."));
            if (report.LostSecrets > 0)
                verb.Output.Say(string.Create(CultureInfo.InvariantCulture,
                    $"{report.LostSecrets} secrets cannot be decrypted: put the keys that belong to them into the folder 'keys', or set them again."));
            if (verb.Output.IsJson)
                verb.Output.Show(new JsonObject
                {
                    ["createdAt"] = report.CreatedAt, ["emails"] = report.Emails, ["secrets"] = report.Secrets, ["lostSecrets"] = report.LostSecrets,
                }, ContractJson.Contract.JsonObject);
        }, file, folder, passphrase, replace);
    }
}
