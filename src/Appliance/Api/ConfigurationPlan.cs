using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using EmailSync.Appliance.Api.Contracts;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Scheduling;
using EmailSync.Appliance.Store;

namespace EmailSync.Appliance.Api;

/// <summary>
/// Compares a configuration with what is stored. Nothing is written before the whole of it was found right; what it does not name is left
/// alone, unless it is asked to prune.
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
        foreach (Step step in steps)
            await step.DoAsync();
        return [.. steps.Select(step => step.Change)];
    }

    private sealed record Step(PlannedChange Change, Func<Task> DoAsync);

    private async Task<IReadOnlyList<Step>> CompareAsync(ConfigurationContract wanted, bool prune, CancellationToken cancellationToken)
    {
        if (wanted.Format is not (null or 1))
            throw InvalidRequestException.Of("format", $"{wanted.Format}", "It is a format that this version does not know.", "Give 1.");
        RefuseTwins("profiles", (wanted.Profiles ?? []).Select(profile => profile.Name));
        RefuseTwins("mailboxes", (wanted.Mailboxes ?? []).Select(mailbox => mailbox.EmailAddress));
        Dictionary<string, EmailServerProfile> profiles =
            (await store.Profiles.ListAsync(cancellationToken)).ToDictionary(profile => profile.Name, StringComparer.OrdinalIgnoreCase);
        List<Step> steps = [];
        foreach (ProfileInput profile in wanted.Profiles ?? [])
            await CompareProfileAsync(profile, profiles.GetValueOrDefault(profile.Name ?? ""), steps, cancellationToken);
        await CompareSettingsAsync(wanted.Settings, profiles, wanted.Profiles ?? [], steps, cancellationToken);
        foreach (MailboxInput mailbox in wanted.Mailboxes ?? [])
            await CompareMailboxAsync(mailbox, profiles, wanted.Profiles ?? [], steps, cancellationToken);
        if (prune)
            await PruneAsync(wanted, profiles, steps, cancellationToken);
        return steps;
    }

    private async Task CompareProfileAsync(ProfileInput input, EmailServerProfile? stored, List<Step> steps, CancellationToken cancellationToken)
    {
        EmailServerProfile read = rules.Read(input, stored);
        if (stored is null)
        {
            steps.Add(new(new(PlannedAction.Create, "profile", read.Name, []), () => ProfileChanges.CreateAsync(store, read, input, cancellationToken)));
            return;
        }

        List<string> fields = Differences(ProfileInput.Of(stored), ProfileInput.Of(read), ContractJson.Contract.ProfileInput);
        foreach ((string field, SecretName name, string? given) in ProfileChanges.SecretsOf(stored.Id, input))
            await NoteSecretAsync(fields, field, name, given, cancellationToken);
        if (fields.Count > 0)
            steps.Add(new(new(PlannedAction.Update, "profile", stored.Name, fields), () => ProfileChanges.UpdateAsync(store, scheduler, stored, read, input, cancellationToken)));
    }

    private async Task CompareSettingsAsync(
        SettingsContract? input, Dictionary<string, EmailServerProfile> profiles, IReadOnlyList<ProfileInput> made, List<Step> steps, CancellationToken cancellationToken)
    {
        if (input is null)
            return;
        Settings stored = await store.Settings.ReadAsync(cancellationToken);
        if (input.DefaultProfile is { } named)
            RequireProfile("settings.defaultProfile", named, profiles, made);
        // The default profile may be one that is only about to be made.
        Settings read = await SettingsApi.ReadAsync(input with { DefaultProfile = null }, store, cancellationToken);
        List<string> fields = Differences(SettingsContract.Of(stored) with { DefaultProfile = null }, SettingsContract.Of(read), ContractJson.Contract.SettingsContract);
        EmailServerProfile? storedDefault = profiles.Values.FirstOrDefault(profile => profile.Id == stored.DefaultProfile);
        if (!string.Equals(storedDefault?.Name, input.DefaultProfile, StringComparison.OrdinalIgnoreCase))
            fields.Add("defaultProfile");
        if (fields.Count > 0)
            steps.Add(new(new(PlannedAction.Update, "settings", "settings", fields), async () =>
                await SettingsApi.SaveAsync(
                    store, scheduler, stored, await SettingsApi.ReadAsync(input, store, cancellationToken) with { Version = stored.Version }, cancellationToken)));
    }

    private async Task CompareMailboxAsync(
        MailboxInput input, Dictionary<string, EmailServerProfile> profiles, IReadOnlyList<ProfileInput> made, List<Step> steps, CancellationToken cancellationToken)
    {
        string where = $"mailboxes/{input.EmailAddress}/profile";
        if (input.Profile is not { } named)
            throw InvalidRequestException.Of(where, null, "It is needed.", "Give the profile's name.");
        RequireProfile(where, named, profiles, made);
        // Judged by any profile: the one it names may be one that is only about to be made.
        Mailbox? stored = input.EmailAddress is { } address ? await store.Mailboxes.FindByAddressAsync(address, cancellationToken) : null;
        string? known = profiles.GetValueOrDefault(named)?.Id.ToString();
        Mailbox read = await MailboxChanges.ReadAsync(input with { Profile = known ?? stored?.Profile.ToString() }, stored, store, cancellationToken, isProfileKnown: known is not null);
        if (stored is null)
        {
            steps.Add(new(new(PlannedAction.Create, "mailbox", read.EmailAddress, []), () => MailboxSaving.CreateAsync(store, input, cancellationToken)));
            return;
        }

        List<string> fields = Differences(MailboxInput.Of(stored), MailboxInput.Of(read), ContractJson.Contract.MailboxInput);
        if (known is null)
            fields.Add("profile");
        await NoteSecretAsync(fields, "password", SecretName.Of(stored.Id), input.Password, cancellationToken);
        await NoteSecretAsync(fields, "refreshToken", SecretName.RefreshTokenOf(stored.Id), input.RefreshToken, cancellationToken);
        if (fields.Count > 0)
            steps.Add(new(new(PlannedAction.Update, "mailbox", stored.EmailAddress, fields), async () =>
            {
                // Moving its profile may have changed it since.
                Mailbox now = await store.Mailboxes.FindAsync(stored.Id, cancellationToken) ?? stored;
                await MailboxSaving.UpdateAsync(store, scheduler, now, await MailboxChanges.ReadAsync(input, now, store, cancellationToken), input, cancellationToken);
            }));
    }

    private async Task PruneAsync(ConfigurationContract wanted, Dictionary<string, EmailServerProfile> profiles, List<Step> steps, CancellationToken cancellationToken)
    {
        HashSet<string> addresses = [.. (wanted.Mailboxes ?? []).Select(mailbox => mailbox.EmailAddress!.ToUpperInvariant())];
        HashSet<string> names = [.. (wanted.Profiles ?? []).Select(profile => profile.Name!.ToUpperInvariant())];
        await foreach (Mailbox mailbox in ConfigurationApi.AllMailboxesAsync(store, cancellationToken))
        {
            if (!addresses.Contains(mailbox.EmailAddress.ToUpperInvariant()))
                steps.Add(new(new(PlannedAction.Delete, "mailbox", mailbox.EmailAddress, []), async () =>
                {
                    await store.Mailboxes.DeleteAsync(mailbox.Id, cancellationToken);
                    scheduler.MailboxChanged(mailbox.Id);
                }));
        }

        foreach (EmailServerProfile profile in profiles.Values.Where(profile => !names.Contains(profile.Name.ToUpperInvariant())))
            steps.Add(new(new(PlannedAction.Delete, "profile", profile.Name, []), async () => await store.Profiles.DeleteAsync(profile.Id, cancellationToken)));
    }

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

    private static void RequireProfile(string field, string name, Dictionary<string, EmailServerProfile> profiles, IReadOnlyList<ProfileInput> made)
    {
        if (!profiles.ContainsKey(name) && !made.Any(profile => string.Equals(profile.Name, name, StringComparison.OrdinalIgnoreCase)))
            throw InvalidRequestException.Of(field, name, "There is no such profile, here or in the configuration.", "Name one of its profiles.");
    }

    private static void RefuseTwins(string field, IEnumerable<string?> names)
    {
        if (names.GroupBy(name => name?.Trim(), StringComparer.OrdinalIgnoreCase).FirstOrDefault(group => group.Key is null || group.Count() > 1) is { } twins)
            throw InvalidRequestException.Of(field, twins.Key, twins.Key is null ? "An entry has no name." : "It stands there twice.", "Give each entry once, with its name.");
    }
}
