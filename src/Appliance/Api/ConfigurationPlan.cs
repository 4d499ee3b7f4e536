using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using EmailSync.Appliance.Api.Contracts;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Scheduling;
using EmailSync.Appliance.Store;

namespace EmailSync.Appliance.Api;

/// <summary>
/// Compares a configuration with what is stored. Nothing is written before the whole of it was found right, and everything that is wrong is
/// told at once; what it does not name is left alone, unless it is asked to prune. Then all of it is one transaction of the store: interrupted, it
/// has changed nothing. Profiles come before what names them, and go after it.
/// </summary>
internal sealed class ConfigurationPlan(IStore store, ProfileRules rules, IMailboxScheduler scheduler)
{
    /// <summary>What would be done.</summary>
    public async Task<IReadOnlyList<PlannedChange>> MakeAsync(ConfigurationContract wanted, bool prune, CancellationToken cancellationToken) =>
        [.. (await CompareAsync(wanted, prune, cancellationToken)).Select(step => step.Change)];

    /// <summary>Does it.</summary>
    public async Task<IReadOnlyList<PlannedChange>> ApplyAsync(ConfigurationContract wanted, bool prune, CancellationToken cancellationToken)
    {
        IReadOnlyList<Step> steps = await CompareAsync(wanted, prune, cancellationToken);
        await store.ChangeConfigurationAsync([.. steps.Select(step => step.Stored)], cancellationToken);
        foreach (Step step in steps)
            await TellSchedulerAsync(step.Stored);
        return [.. steps.Select(step => step.Change)];
    }

    /// <summary>What is told of one change, and what the store does.</summary>
    private sealed record Step(PlannedChange Change, ConfigurationStep Stored);

    /// <summary>What one comparison works on.</summary>
    /// <param name="Wanted">The configuration.</param>
    /// <param name="Prunes">What it does not name is deleted.</param>
    /// <param name="Stored">The profiles as they are, by name.</param>
    /// <param name="Planned">The profiles as they will be, by name.</param>
    private sealed record Work(
        ConfigurationContract Wanted, bool Prunes, Dictionary<string, EmailServerProfile> Stored, Dictionary<string, EmailServerProfile> Planned)
    {
        public Faults Faults { get; } = new();

        public List<Step> Steps { get; } = [];

        /// <summary>The settings as they will be, but for their default profile.</summary>
        public Settings Settings { get; set; } = new();

        /// <summary>Profiles of the configuration that something is wrong with: what names one is judged when that is mended.</summary>
        public HashSet<string> Faulty { get; } = new(StringComparer.OrdinalIgnoreCase);
    }

    // It is stored: that the caller is gone does not matter any more.
    private async Task TellSchedulerAsync(ConfigurationStep stored)
    {
        switch (stored)
        {
            case SaveProfile { Profile.Id: { Value: > 0 } profile }:
                scheduler.ProfileChanged(profile);
                break;
            case DeleteProfile { Profile: var profile }:
                scheduler.ProfileChanged(profile);
                break;
            case SaveMailbox { Mailbox.Id: { Value: > 0 } mailbox }:
                scheduler.MailboxChanged(mailbox);
                break;
            case DeleteMailbox { Mailbox: var mailbox }:
                scheduler.MailboxChanged(mailbox);
                break;
            case SaveSettings:
                await SettingsApi.TellSchedulerAsync(store, scheduler, CancellationToken.None);
                break;
        }
    }

    private async Task<IReadOnlyList<Step>> CompareAsync(ConfigurationContract wanted, bool prune, CancellationToken cancellationToken)
    {
        if (wanted.Format is not (null or 1))
            throw InvalidRequestException.Of("format", $"{wanted.Format}", "It is a format that this version does not know.", "Give 1.");
        RefuseTwins("profiles", (wanted.Profiles ?? []).Select(profile => profile.Name));
        RefuseTwins("mailboxes", (wanted.Mailboxes ?? []).Select(mailbox => mailbox.EmailAddress));
        IReadOnlyList<EmailServerProfile> stored = await store.Profiles.ListAsync(cancellationToken);
        HashSet<string> named = new((wanted.Profiles ?? []).Select(profile => profile.Name!.Trim()), StringComparer.OrdinalIgnoreCase);
        Work work = new(
            wanted, prune, stored.ToDictionary(profile => profile.Name, StringComparer.OrdinalIgnoreCase),
            stored.Where(profile => !prune || named.Contains(profile.Name)).ToDictionary(profile => profile.Name, StringComparer.OrdinalIgnoreCase));
        foreach (ProfileInput profile in wanted.Profiles ?? [])
            await CompareProfileAsync(work, profile, cancellationToken);
        await CompareSettingsAsync(work, cancellationToken);
        foreach (MailboxInput mailbox in wanted.Mailboxes ?? [])
            await CompareMailboxAsync(work, mailbox, cancellationToken);
        if (prune)
            await PruneAsync(work, cancellationToken);
        work.Faults.ThrowIfAny();
        return work.Steps;
    }

    private async Task CompareProfileAsync(Work work, ProfileInput input, CancellationToken cancellationToken)
    {
        string name = input.Name!.Trim();
        EmailServerProfile? stored = work.Stored.GetValueOrDefault(name);
        EmailServerProfile? read = await work.Faults.PartAsync($"profiles/{name}", async () =>
        {
            EmailServerProfile profile = rules.Read(input, stored);
            // Mailboxes that the configuration names are judged by what it makes of them; of the others, none may need what goes.
            if (stored is not null && !work.Prunes)
                await ProfileChanges.RefuseMissingServersAsync(store, stored, profile, AddressesOf(work.Wanted), cancellationToken);
            return profile;
        });
        if (read is null)
        {
            work.Faulty.Add(name);
            return;
        }

        work.Planned[name] = read;
        if (stored is null)
        {
            work.Steps.Add(new(new(PlannedAction.Create, "profile", read.Name, []), new SaveProfile(read, ProfileChanges.GivenSecrets(input))));
            return;
        }

        List<string> fields = Differences(ProfileInput.Of(stored), ProfileInput.Of(read), ContractJson.Contract.ProfileInput);
        foreach ((string field, SecretName secret, string? given) in ProfileChanges.SecretsOf(stored.Id, input))
            await NoteSecretAsync(fields, field, secret, given, cancellationToken);
        if (fields.Count > 0)
            work.Steps.Add(new(
                new(PlannedAction.Update, "profile", stored.Name, fields),
                new SaveProfile(read, ProfileChanges.GivenSecrets(input))));
    }

    private async Task CompareSettingsAsync(Work work, CancellationToken cancellationToken)
    {
        Settings stored = work.Settings = await store.Settings.ReadAsync(cancellationToken);
        EmailServerProfile? storedDefault = work.Stored.Values.FirstOrDefault(profile => profile.Id == stored.DefaultProfile);
        if (work.Wanted.Settings is not { } input)
        {
            if (storedDefault is not null && !work.Planned.ContainsKey(storedDefault.Name))
                work.Faults.Add("settings/defaultProfile", storedDefault.Name, "It is stored as the default profile, and would be pruned.", "Give settings with another defaultProfile, or with none.");
            return;
        }

        if (input.DefaultProfile is { } named)
            RequireProfile(work, "settings/defaultProfile", named);
        // The default profile may be one that is only about to be made.
        Settings? read = await work.Faults.PartAsync("settings", () => SettingsApi.ReadAsync(input with { DefaultProfile = null }, store, cancellationToken));
        if (read is null)
            return;
        work.Settings = read;
        List<string> fields = Differences(SettingsContract.Of(stored) with { DefaultProfile = null }, SettingsContract.Of(read), ContractJson.Contract.SettingsContract);
        if (!string.Equals(storedDefault?.Name, input.DefaultProfile, StringComparison.OrdinalIgnoreCase))
            fields.Add("defaultProfile");
        if (fields.Count > 0)
            work.Steps.Add(new(
                new(PlannedAction.Update, "settings", "settings", fields),
                new SaveSettings(read with { Version = stored.Version }, input.DefaultProfile)));
    }

    private async Task CompareMailboxAsync(Work work, MailboxInput input, CancellationToken cancellationToken)
    {
        string address = input.EmailAddress!.Trim();
        string where = $"mailboxes/{address}";
        if (input.Profile is null)
            work.Faults.Add($"{where}/profile", null, "It is needed.", "Give the profile's name.");
        else
            RequireProfile(work, $"{where}/profile", input.Profile);
        if (input.Profile is not { } named || !work.Planned.TryGetValue(named, out EmailServerProfile? planned))
            return;
        Mailbox? stored = await store.Mailboxes.FindByAddressAsync(address, cancellationToken);
        Mailbox? read = await work.Faults.PartAsync(where, () => MailboxChanges.ReadAsync(input, stored, store, cancellationToken, (planned, work.Settings)));
        if (read is null)
            return;
        if (stored is null)
        {
            work.Steps.Add(new(new(PlannedAction.Create, "mailbox", read.EmailAddress, []), new SaveMailbox(read, planned.Name, MailboxSaving.GivenSecrets(input))));
            return;
        }

        List<string> fields = Differences(MailboxInput.Of(stored), MailboxInput.Of(read), ContractJson.Contract.MailboxInput);
        if (planned.Id.Value == 0)
            fields.Add("profile");
        await NoteSecretAsync(fields, "password", SecretName.Of(stored.Id), input.Password, cancellationToken);
        await NoteSecretAsync(fields, "refreshToken", SecretName.RefreshTokenOf(stored.Id), input.RefreshToken, cancellationToken);
        if (fields.Count > 0)
            work.Steps.Add(new(
                new(PlannedAction.Update, "mailbox", stored.EmailAddress, fields),
                new SaveMailbox(read, planned.Name, MailboxSaving.GivenSecrets(input))));
    }

    // Profiles last: until then mailboxes may use them.
    private async Task PruneAsync(Work work, CancellationToken cancellationToken)
    {
        HashSet<string> addresses = AddressesOf(work.Wanted);
        await foreach (Mailbox mailbox in ConfigurationApi.AllMailboxesAsync(store, cancellationToken))
        {
            if (!addresses.Contains(mailbox.EmailAddress.ToUpperInvariant()))
                work.Steps.Add(new(
                    new(PlannedAction.Delete, "mailbox", mailbox.EmailAddress, []),
                    new DeleteMailbox(mailbox.Id)));
        }

        foreach (EmailServerProfile profile in work.Stored.Values.Where(profile => !work.Planned.ContainsKey(profile.Name)))
            work.Steps.Add(new(
                new(PlannedAction.Delete, "profile", profile.Name, []),
                new DeleteProfile(profile.Id)));
    }

    private static HashSet<string> AddressesOf(ConfigurationContract wanted) =>
        [.. (wanted.Mailboxes ?? []).Select(mailbox => mailbox.EmailAddress!.Trim().ToUpperInvariant())];

    // A secret that is not given stays as it is; one that is given is compared, so that applying twice changes nothing.
    private async Task NoteSecretAsync(List<string> fields, string field, SecretName name, string? given, CancellationToken cancellationToken)
    {
        if (given is not null && (await store.Secrets.RevealAsync(name, cancellationToken))?.Reveal() != given)
            fields.Add(field);
    }

    private static List<string> Differences<T>(T stored, T read, JsonTypeInfo<T> type)
    {
        JsonObject before = JsonSerializer.SerializeToNode(stored, type)!.AsObject();
        JsonObject after = JsonSerializer.SerializeToNode(read, type)!.AsObject();
        return [.. before.Select(field => field.Key).Union(after.Select(field => field.Key)).Where(field => !JsonNode.DeepEquals(before[field], after[field]))];
    }

    private static void RequireProfile(Work work, string field, string name)
    {
        if (work.Planned.ContainsKey(name) || work.Faulty.Contains(name))
            return;
        if (work.Stored.ContainsKey(name))
            work.Faults.Add(field, name, "The configuration does not have this profile, and would prune it.", "Add it to the configuration, or name another.");
        else
            work.Faults.Add(field, name, "There is no such profile, here or in the configuration.", "Name one of its profiles.");
    }

    private static void RefuseTwins(string field, IEnumerable<string?> names)
    {
        if (names.GroupBy(name => name?.Trim(), StringComparer.OrdinalIgnoreCase).FirstOrDefault(group => group.Key is null || group.Count() > 1) is { } twins)
            throw InvalidRequestException.Of(field, twins.Key, twins.Key is null ? "An entry has no name." : "It stands there twice.", "Give each entry once, with its name.");
    }
}
