using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using EmailSync.Appliance.Api.Contracts;
using EmailSync.Appliance.Cli;
using EmailSync.Appliance.Egress;
using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Upkeep;

/// <summary><c>emailsync doctor</c>.</summary>
internal static class DoctorCommand
{
    private const string StoreCheckName = "store check";

    private const string Help =
        """
        Looks whether everything around the appliance is as it should be, whether it runs or not: data folder, key ring, disk, clock, limits, name
        resolution, the last check of what is stored, and the egress policy, which is asked about every service, port and TLS mode. Ends with 1 where something must be mended.

        Examples:
          emailsync doctor
          emailsync doctor --data-folder /var/lib/emailsync --output json
          EmailSync__GovMode=true emailsync doctor
        """;

    /// <summary>The verb.</summary>
    public static Command Create(VerbRunner runner, UpkeepEnvironment environment)
    {
        Option<string> folder = new("--data-folder") { Description = "The data folder to look at.", HelpName = "FOLDER", DefaultValueFactory = _ => environment.DataFolder };
        return runner.Create("doctor", Help, verb => RunAsync(verb, environment, Path.GetFullPath(verb.Parse.GetRequiredValue(folder))), folder);
    }

    private static async Task<int> RunAsync(Verb verb, UpkeepEnvironment environment, string folder)
    {
        List<Check> checks =
        [
            FolderChecks.Folder(folder),
            FolderChecks.KeyRing(folder),
            FolderChecks.Disk(folder),
            FolderChecks.Clock(folder, TimeProvider.System),
            FolderChecks.OpenFiles(environment.MaxConnections),
            Lockdown(environment.Policy),
        ];
        (Check appliance, Check store, IReadOnlyList<HostName> hosts) = await ApplianceAsync(verb, environment.Policy);
        checks.AddRange(appliance, store);
        checks.Add(await ResolutionAsync(hosts, verb.Cancellation));

        foreach (Check check in checks)
        {
            verb.Output.Say($"{Words(check.Finding),-7} {check.Name,-15} {check.Detail}");
            if (check.Remedy is not null)
                verb.Output.Say($"        to do: {check.Remedy}");
        }

        bool failed = checks.Exists(check => check.Finding == Finding.Failed);
        if (verb.Output.IsJson)
            verb.Output.Show(new JsonObject
            {
                ["isWell"] = !failed,
                ["policy"] = environment.Policy.Name,
                ["checks"] = new JsonArray([.. checks.Select(check => new JsonObject
                {
                    ["name"] = check.Name, ["finding"] = Words(check.Finding).ToLowerInvariant(), ["detail"] = check.Detail, ["remedy"] = check.Remedy,
                })]),
            }, ContractJson.Contract.JsonObject);
        return failed ? VerbRunner.Failed : VerbRunner.Done;
    }

    private static Check Lockdown(EgressPolicy policy)
    {
        LockdownTest test = LockdownTest.Run(policy);
        string asked = string.Create(CultureInfo.InvariantCulture, $"{policy.Name} policy, asked {test.Asked} times: admits {test.Describe()}");
        if (test.Faults.Count > 0)
            return new("egress lockdown", Finding.Failed, $"{asked}; {string.Join("; ", test.Faults)}", "Do not run this build; report it.");
        // Not wrong; but so no server with a certificate from a public authority is taken.
        return new("egress lockdown", Finding.Ok, policy.IsStrict && test.HttpPorts.Count == 0
            ? $"{asked}, by which public authorities have their revocation lists (AllowHttpForRevocationLists)"
            : asked);
    }

    private static async Task<(Check, Check, IReadOnlyList<HostName>)> ApplianceAsync(Verb verb, EgressPolicy policy)
    {
        try
        {
            StatusContract status = (await verb.Appliance.GetAsync("status", ContractJson.Contract.StatusContract, verb.Cancellation)).Value;
            Page<ProfileContract> profiles = (await verb.Appliance.GetAsync("profiles", ContractJson.Contract.PageProfileContract, verb.Cancellation)).Value;
            HostName[] hosts = [.. profiles.Items.SelectMany(profile => new[] { profile.IncomingServerLocation, profile.OutgoingServerLocation })
                .OfType<string>().Distinct().Select(HostName.Parse)];
            string detail = string.Create(CultureInfo.InvariantCulture, $"{status.Version} answers, under the {status.Policy} policy; {status.Running} sessions run, {status.EmailsPending} emails wait");
            return (status.Policy == policy.Name
                ? new("appliance", Finding.Ok, detail)
                : new("appliance", Finding.Warning, $"{detail}; this command's own configuration says {policy.Name}", "Run doctor with the configuration of the appliance."), Store(status.StoreCheck), hosts);
        }
        catch (NoApplianceException)
        {
            return (new("appliance", Finding.Warning, "none answers on the control socket", "Start one with 'emailsync run', or name its control socket with --socket."), new(StoreCheckName, Finding.Skipped, "no running appliance tells of its last check"), []);
        }
    }

    private static Check Store(StoreCheckContract? last)
    {
        if (last is null)
            return new(StoreCheckName, Finding.Skipped, "none has come to its end yet: the first begins ten minutes after the appliance");
        string detail = string.Create(CultureInfo.InvariantCulture, $"at {last.CompletedAt:u} {last.Emails} emails and all tables were read");
        return last.FaultCount == 0
            ? new(StoreCheckName, Finding.Ok, $"{detail}, and nothing is damaged")
            : new(StoreCheckName, Finding.Failed, string.Create(CultureInfo.InvariantCulture, $"{detail}, and {last.FaultCount} faults found: {string.Join(" ", last.Faults)}"), AlertCatalog.StoreDamaged.Remedy);
    }

    private static async Task<Check> ResolutionAsync(IReadOnlyList<HostName> hosts, CancellationToken cancellationToken)
    {
        if (hosts.Count == 0)
            return new("name resolution", Finding.Skipped, "no running appliance has a profile to take a name from");
        List<string> failures = [];
        foreach (HostName host in hosts)
        {
            if (await Dialer.WhyNotResolvedAsync(host, cancellationToken) is { } failure)
                failures.Add(failure);
        }

        return failures.Count == 0
            ? new("name resolution", Finding.Ok, string.Create(CultureInfo.InvariantCulture, $"{hosts.Count} hosts of profiles resolve"))
            : new("name resolution", Finding.Failed, string.Join(" ", failures), "Check the names in the profiles, and this machine's resolver (/etc/resolv.conf).");
    }

    private static string Words(Finding finding) => finding switch
    {
        Finding.Ok => "ok",
        Finding.Warning => "warning",
        Finding.Failed => "FAILED",
        _ => "-",
    };
}
