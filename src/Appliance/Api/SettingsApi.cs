using EmailSync.Appliance.Api.Contracts;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Scheduling;
using EmailSync.Appliance.Store;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace EmailSync.Appliance.Api;

/// <summary>What is set once for the whole appliance.</summary>
public static class SettingsApi
{
    /// <summary>The routes.</summary>
    public static void MapSettings(this IEndpointRouteBuilder routes)
    {
        RouteGroupBuilder settings = routes.MapGroup("/settings").WithTags("settings");
        settings.MapGet("/", ShowAsync);
        settings.MapGet("/deployment", (DeploymentContract deployment) => TypedResults.Ok(deployment));
        settings.MapPatch("/", UpdateAsync).Accepts<SettingsContract>("application/json", "application/merge-patch+json");
    }

    private static async Task<Ok<SettingsContract>> ShowAsync(IStore store, HttpResponse response, CancellationToken cancellationToken)
    {
        Settings settings = await store.Settings.ReadAsync(cancellationToken);
        MergePatch.ShowVersion(response, settings.Version);
        return TypedResults.Ok(SettingsContract.Of(settings));
    }

    private static async Task<Ok<SettingsContract>> UpdateAsync(
        IStore store, IMailboxScheduler scheduler, HttpContext context, CancellationToken cancellationToken)
    {
        Settings stored = await store.Settings.ReadAsync(cancellationToken);
        SettingsContract input = await MergePatch.ApplyAsync(context.Request, SettingsContract.Of(stored), ContractJson.Contract.SettingsContract);
        Settings changed = await ReadAsync(input, store, cancellationToken) with { Version = MergePatch.ExpectedVersion(context.Request, stored.Version) };
        changed = await store.Settings.UpdateAsync(changed, cancellationToken);
        if ((stored.ApprovalRequiredForUsers, stored.ApprovalRequiredForQueues) != (changed.ApprovalRequiredForUsers, changed.ApprovalRequiredForQueues))
            await TellSchedulerAsync(store, scheduler, CancellationToken.None);
        MergePatch.ShowVersion(context.Response, changed.Version);
        return TypedResults.Ok(SettingsContract.Of(changed));
    }

    /// <summary>Mailboxes that stood still for want of an approval are not planned: their profiles' schedules are read again.</summary>
    internal static async Task TellSchedulerAsync(IStore store, IMailboxScheduler scheduler, CancellationToken cancellationToken)
    {
        foreach (EmailServerProfile waiting in await store.Profiles.ListAsync(cancellationToken))
            scheduler.ProfileChanged(waiting.Id);
    }

    /// <summary>Reads settings: fills in the defaults, and finds everything that is wrong, at once.</summary>
    /// <exception cref="InvalidRequestException">Something is wrong with them.</exception>
    internal static async Task<Settings> ReadAsync(SettingsContract input, IStore store, CancellationToken cancellationToken)
    {
        Settings byDefault = new();
        Faults faults = new();
        EmailServerProfile? profile = input.DefaultProfile is { } named ? await ProfilesApi.TryFindAsync(store, named, cancellationToken) : null;
        if (input.DefaultProfile is not null && profile is null)
            faults.Add("defaultProfile", input.DefaultProfile, "There is no such profile.", "Give a profile's id or name.");
        Settings settings = new()
        {
            DefaultProfile = profile?.Id,
            DefaultIncomingEmail = faults.Choice("defaultIncomingEmail", input.DefaultIncomingEmail, byDefault.DefaultIncomingEmail),
            DefaultOutgoingEmail = faults.Choice("defaultOutgoingEmail", input.DefaultOutgoingEmail, byDefault.DefaultOutgoingEmail),
            ApprovalRequiredForUsers = input.ApprovalRequiredForUsers ?? byDefault.ApprovalRequiredForUsers,
            ApprovalRequiredForQueues = input.ApprovalRequiredForQueues ?? byDefault.ApprovalRequiredForQueues,
            MaximumAttachmentSizeInKilobytes = faults.Number(
                "maximumAttachmentSizeInKilobytes", input.MaximumAttachmentSizeInKilobytes, 1, 131_072, byDefault.MaximumAttachmentSizeInKilobytes),
            UseTrackingTokens = input.UseTrackingTokens ?? byDefault.UseTrackingTokens,
            AlertOnInformation = input.AlertOnInformation ?? byDefault.AlertOnInformation,
            AlertOnWarning = input.AlertOnWarning ?? byDefault.AlertOnWarning,
            AlertOnError = input.AlertOnError ?? byDefault.AlertOnError,
            AlertRetentionDays = faults.Number("alertRetentionDays", input.AlertRetentionDays, 1, 3650, byDefault.AlertRetentionDays),
            AuditRetentionDays = faults.Number("auditRetentionDays", input.AuditRetentionDays, 30, 3650, byDefault.AuditRetentionDays),
            EmailRetentionDays = input.EmailRetentionDays is { } days ? faults.Number("emailRetentionDays", days, 1, 36_500, 0) : null,
        };
        faults.ThrowIfAny();
        return settings;
    }
}
