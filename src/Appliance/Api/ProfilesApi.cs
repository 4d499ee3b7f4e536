using System.Text.Json.Nodes;
using EmailSync.Appliance.Api.Contracts;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Scheduling;
using EmailSync.Appliance.Store;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace EmailSync.Appliance.Api;

/// <summary>Email server profiles.</summary>
public static class ProfilesApi
{
    /// <summary>The routes.</summary>
    public static void MapProfiles(this IEndpointRouteBuilder routes)
    {
        RouteGroupBuilder profiles = routes.MapGroup("/profiles").WithTags("profiles");
        profiles.MapGet("/", ListAsync);
        profiles.MapPost("/", CreateAsync);
        profiles.MapGet("/{profile}", ShowAsync);
        profiles.MapPatch("/{profile}", UpdateAsync).Accepts<ProfileInput>("application/json", "application/merge-patch+json");
        profiles.MapDelete("/{profile}", DeleteAsync);
    }

    /// <summary>Finds a profile by its id or its name.</summary>
    public static async Task<EmailServerProfile> FindAsync(IStore store, string idOrName, CancellationToken cancellationToken) =>
        await TryFindAsync(store, idOrName, cancellationToken) ?? throw new NotStoredException($"profile '{idOrName}'");

    /// <summary>Finds a profile by its id or its name; null where there is none.</summary>
    public static async Task<EmailServerProfile?> TryFindAsync(IStore store, string idOrName, CancellationToken cancellationToken) =>
        ProfileId.TryParse(idOrName, null, out ProfileId id)
            ? await store.Profiles.FindAsync(id, cancellationToken)
            : await store.Profiles.FindByNameAsync(idOrName, cancellationToken);

    private static async Task<Ok<Page<ProfileContract>>> ListAsync(IStore store, CancellationToken cancellationToken)
    {
        List<ProfileContract> items = [];
        foreach (EmailServerProfile profile in await store.Profiles.ListAsync(cancellationToken))
            items.Add(await ContractAsync(store, profile, cancellationToken));
        return TypedResults.Ok(new Page<ProfileContract>(items, null));
    }

    private static async Task<Ok<ProfileContract>> ShowAsync(string profile, IStore store, HttpResponse response, CancellationToken cancellationToken)
    {
        EmailServerProfile found = await FindAsync(store, profile, cancellationToken);
        MergePatch.ShowVersion(response, found.Version);
        return TypedResults.Ok(await ContractAsync(store, found, cancellationToken));
    }

    private static async Task<Created<ProfileContract>> CreateAsync(
        ProfileInput input, ProfileRules rules, Channel channel, IStore store, HttpContext context, CancellationToken cancellationToken)
    {
        channel.RequireFor(context, input.IncomingPassword, input.OutgoingPassword, input.OauthClientSecret, input.OauthRefreshToken);
        RequireAdminForTrust(context, null, input);
        EmailServerProfile created = await store.Profiles.CreateAsync(rules.Read(input, stored: null), cancellationToken, ProfileChanges.GivenSecrets(input));
        MergePatch.ShowVersion(context.Response, created.Version);
        return TypedResults.Created($"/api/v1/profiles/{created.Id}", await ContractAsync(store, created, cancellationToken));
    }

    private static async Task<Ok<ProfileContract>> UpdateAsync(
        string profile, ProfileRules rules, Channel channel, IStore store, IMailboxScheduler scheduler, HttpContext context, CancellationToken cancellationToken)
    {
        EmailServerProfile stored = await FindAsync(store, profile, cancellationToken);
        ProfileInput input = await MergePatch.ApplyAsync(context.Request, ProfileInput.Of(stored), ContractJson.Contract.ProfileInput, Prepare);
        channel.RequireFor(context, input.IncomingPassword, input.OutgoingPassword, input.OauthClientSecret, input.OauthRefreshToken);
        RequireAdminForTrust(context, stored, input);
        EmailServerProfile changed = rules.Read(input, stored) with { Version = MergePatch.ExpectedVersion(context.Request, stored.Version) };
        changed = await ProfileChanges.UpdateAsync(store, scheduler, stored, changed, input, cancellationToken);
        MergePatch.ShowVersion(context.Response, changed.Version);
        return TypedResults.Ok(await ContractAsync(store, changed, cancellationToken));
    }

    private static async Task<NoContent> DeleteAsync(
        string profile, IStore store, IMailboxScheduler scheduler, HttpRequest request, CancellationToken cancellationToken)
    {
        EmailServerProfile found = await FindAsync(store, profile, cancellationToken);
        MergePatch.RequireMatch(request, found.Version);
        if ((await store.Settings.ReadAsync(cancellationToken)).DefaultProfile == found.Id)
            throw InvalidRequestException.Of("profile", found.Name, "It is the settings' default profile.", "Set another defaultProfile in the settings, or none, first.");
        await store.Profiles.DeleteAsync(found.Id, cancellationToken);
        scheduler.ProfileChanged(found.Id);
        return TypedResults.NoContent();
    }

    // Whoever says which certificates are trusted can have the passwords sent to a server of their own.
    private static void RequireAdminForTrust(HttpContext context, EmailServerProfile? stored, ProfileInput input)
    {
        if (input.TrustedCertificates != stored?.TrustedCertificates)
            Channel.RequireAdmin(context, "trustedCertificates");
    }

    // Port, TLS mode and UseSsl follow from one another: who changes one means the others to follow, unless they are given too.
    private static void Prepare(JsonObject stored, JsonObject patch)
    {
        foreach (string prefix in (string[])["incoming", "outgoing"])
        {
            bool changesSsl = patch.ContainsKey(prefix + "UseSsl");
            bool changesMode = patch.ContainsKey(prefix + "TlsMode");
            if (changesSsl && !changesMode)
                stored.Remove(prefix + "TlsMode");
            if (changesSsl || changesMode)
                stored.Remove(prefix + "Port");
        }
    }

    private static async Task<ProfileContract> ContractAsync(IStore store, EmailServerProfile profile, CancellationToken cancellationToken) =>
        ProfileContract.Of(profile, await ProfileChanges.SetSecretsOfAsync(store, profile.Id, cancellationToken));
}
