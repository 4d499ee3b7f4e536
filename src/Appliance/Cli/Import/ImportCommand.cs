using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using EmailSync.Appliance.Api.Contracts;

namespace EmailSync.Appliance.Cli.Import;

/// <summary><c>emailsync import</c>.</summary>
internal static class ImportCommand
{
    private const int IdsAtOnce = 400;

    private const string Help =
        """
        Takes over mailboxes from another program: a profile for each server, a mailbox for each user, and what was fetched before, so that nothing is
        fetched twice. The plan is shown first. Mailboxes wait for approval and for Test & Enable; stop the other program before that.

        Examples:
          emailsync import fetchmail ~/.fetchmailrc --fetchids ~/.fetchids --dry-run
          emailsync import fetchmail ~/.fetchmailrc --fetchids ~/.fetchids --domain example.com
          emailsync import getmail ~/.getmail/getmailrc --state ~/.getmail
        """;

    /// <summary>The verbs.</summary>
    public static Command Create(VerbRunner runner)
    {
        Option<string?> domain = new("--domain") { Description = "The addresses' domain, where user names have none.", HelpName = "DOMAIN" };
        Option<FileInfo?> authority = new("--ca") { Description = "Certificates in PEM that the servers' certificates lead to, beside the system's.", HelpName = "FILE" };
        Option<bool> dryRun = new("--dry-run") { Description = "Show the plan, and change nothing." };
        Argument<FileInfo> fetchmailrc = new("FILE") { Description = "The .fetchmailrc." };
        Option<FileInfo?> fetchids = new("--fetchids") { Description = "The .fetchids: what was fetched before.", HelpName = "FILE" };
        Argument<FileInfo[]> getmailrcs = new("FILE") { Description = "The getmailrc files.", Arity = ArgumentArity.OneOrMore };
        Option<DirectoryInfo?> state = new("--state") { Description = "Where the oldmail files lie; beside each file where not given.", HelpName = "FOLDER" };
        return new Command("import", Help)
        {
            runner.Create("fetchmail", "Takes over the mailboxes of a .fetchmailrc.", verb =>
            {
                FileInfo? ids = verb.Parse.GetValue(fetchids);
                (IReadOnlyList<ImportedAccount> accounts, IReadOnlyList<string> leftOut) = FetchmailFile.Read(
                    File.ReadAllText(verb.Parse.GetRequiredValue(fetchmailrc).FullName), FetchmailIds.Read(ids is null ? [] : File.ReadLines(ids.FullName, Encoding.Latin1)));
                return RunAsync(verb, accounts, leftOut, verb.Parse.GetValue(domain), verb.Parse.GetValue(authority), verb.Parse.GetValue(dryRun));
            }, fetchmailrc, fetchids, domain, authority, dryRun),
            runner.Create("getmail", "Takes over the mailboxes of getmailrc files.", verb =>
            {
                List<ImportedAccount> accounts = [];
                List<string> leftOut = [];
                foreach (FileInfo file in verb.Parse.GetRequiredValue(getmailrcs))
                {
                    (ImportedAccount? account, string? why) = GetmailFile.Read(file, verb.Parse.GetValue(state)?.FullName ?? file.DirectoryName!);
                    if (account is not null)
                        accounts.Add(account);
                    else
                        leftOut.Add(why!);
                }

                return RunAsync(verb, accounts, leftOut, verb.Parse.GetValue(domain), verb.Parse.GetValue(authority), verb.Parse.GetValue(dryRun));
            }, getmailrcs, state, domain, authority, dryRun),
        };
    }

    private static async Task<int> RunAsync(
        Verb verb, IReadOnlyList<ImportedAccount> accounts, IReadOnlyList<string> leftOut, string? domain, FileInfo? authority, bool dryRun)
    {
        if (accounts.Count == 0)
            throw new InvalidDataException($"There is no mailbox in it that can be taken over{(leftOut.Count > 0 ? ": " : "")}{string.Join("; ", leftOut)}.");
        string[] bare = [.. accounts.Select(account => account.UserName).Where(name => !name.Contains('@', StringComparison.Ordinal))];
        if (bare.Length > 0 && domain is null)
            throw new InvalidDataException($"{string.Join(", ", bare.Take(10).Select(name => $"'{name}'"))} {(bare.Length == 1 ? "is no address" : "are no addresses")}. Name the domain of such users with --domain, as in --domain example.com.");
        string AddressOf(ImportedAccount account) => account.UserName.Contains('@', StringComparison.Ordinal) ? account.UserName : $"{account.UserName}@{domain}";

        JsonObject configuration = Configure(accounts, AddressOf, authority is null ? null : await File.ReadAllTextAsync(authority.FullName, verb.Cancellation));
        PlanContract plan = await AskAsync(verb, "plan", configuration);
        foreach (PlannedChange change in plan.Changes)
            verb.Output.Say($"{ContractJson.NameOf(change.Action),-6} {change.Kind,-8} {change.Name}{(change.Fields.Count > 0 ? ": " : "")}{string.Join(", ", change.Fields)}");
        foreach (ImportedAccount account in accounts)
            verb.Output.Say(string.Create(CultureInfo.InvariantCulture, $"known  {account.KnownUniqueIds.Count,8} messages of {AddressOf(account)}{(account.Password is null ? "; it has no password yet" : "")}"));
        foreach (string left in leftOut)
            verb.Output.Say($"left out {left}");

        if (!dryRun)
        {
            plan = await AskAsync(verb, "apply", configuration);
            foreach (ImportedAccount account in accounts)
            {
                foreach (string[] ids in account.KnownUniqueIds.Chunk(IdsAtOnce))
                    await verb.Appliance.PostAsync(
                        $"mailboxes/{Uri.EscapeDataString(AddressOf(account))}/known-unique-ids", new(ids),
                        ContractJson.Contract.KnownUniqueIdsInput, ContractJson.Contract.MailboxContract, verb.Cancellation);
            }
        }

        verb.Output.Say(dryRun ? "Nothing was changed: this was a dry run." : "Done. Approve the mailboxes, then test and enable them.");
        if (verb.Output.IsJson)
            verb.Output.Show(plan, ContractJson.Contract.PlanContract);
        return VerbRunner.Done;
    }

    private static async Task<PlanContract> AskAsync(Verb verb, string what, JsonObject configuration) =>
        (await verb.Appliance.PostAsync($"configuration/{what}", configuration, ContractJson.Contract.JsonObject, ContractJson.Contract.PlanContract, verb.Cancellation)).Value;

    private static JsonObject Configure(IReadOnlyList<ImportedAccount> accounts, Func<ImportedAccount, string> addressOf, string? trustedCertificates)
    {
        JsonArray profiles = [];
        foreach (ImportedAccount account in accounts.DistinctBy(account => account.ProfileName))
        {
            profiles.Add(new JsonObject
            {
                ["name"] = account.ProfileName,
                ["incomingServerLocation"] = account.Host,
                ["incomingPort"] = account.Port,
                ["incomingTlsMode"] = ContractJson.NameOf(account.Security),
                ["trustedCertificates"] = trustedCertificates,
            });
        }

        JsonArray mailboxes = [];
        foreach (ImportedAccount account in accounts)
        {
            mailboxes.Add(new JsonObject
            {
                ["emailAddress"] = addressOf(account),
                ["profile"] = account.ProfileName,
                ["userName"] = account.UserName,
                ["password"] = account.Password,
                ["allowCredentialsForEmailProcessing"] = true,
                ["incomingEmail"] = "server-side-synchronization",
                ["outgoingEmail"] = "none",
                ["deleteEmailsAfterProcessing"] = account.Deletes,
            });
        }

        return new() { ["format"] = 1, ["profiles"] = profiles, ["mailboxes"] = mailboxes };
    }
}
