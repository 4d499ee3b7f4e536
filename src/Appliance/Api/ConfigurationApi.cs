using EmailSync.Appliance.Api.Contracts;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;

namespace EmailSync.Appliance.Api;

/// <summary>The whole configuration as one document: read, compared, and put in force.</summary>
internal static class ConfigurationApi
{
    private const int PageSize = 500;

    /// <summary>The routes.</summary>
    public static void MapConfiguration(this IEndpointRouteBuilder routes)
    {
        RouteGroupBuilder configuration = routes.MapGroup("/configuration").WithTags("configuration").WithMetadata(new LeastRole(TokenRole.Admin));
        configuration.MapGet("/", ExportAsync);
        configuration.MapPost("/plan", PlanAsync).WithMetadata(new WholeConfiguration(), new Unaudited());
        routes.MapPost("/mailboxes/{mailbox}/known-unique-ids", AddKnownAsync).WithTags("mailboxes").WithMetadata(new LeastRole(TokenRole.Admin));
        configuration.MapPost("/apply", ApplyAsync).WithMetadata(new WholeConfiguration());
    }

    /// <summary>Every mailbox, page by page.</summary>
    public static async IAsyncEnumerable<Mailbox> AllMailboxesAsync(
        IStore store, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        MailboxId? last = null;
        IReadOnlyList<Mailbox> page;
        do
        {
            page = await store.Mailboxes.ListAsync(new(), last, PageSize, cancellationToken);
            foreach (Mailbox mailbox in page)
                yield return mailbox;
            last = page.Count > 0 ? page[^1].Id : last;
        }
        while (page.Count == PageSize);
    }

    private static async Task<Ok<ConfigurationContract>> ExportAsync(IStore store, CancellationToken cancellationToken)
    {
        List<string> secrets = [];
        async Task NoteAsync(SecretName name, string path)
        {
            if (await store.Secrets.IsSetAsync(name, cancellationToken))
                secrets.Add(path);
        }

        IReadOnlyList<EmailServerProfile> profiles = await store.Profiles.ListAsync(cancellationToken);
        Dictionary<ProfileId, string> names = profiles.ToDictionary(profile => profile.Id, profile => profile.Name);
        foreach (EmailServerProfile profile in profiles)
        {
            foreach ((string field, SecretName name, _) in ProfileChanges.SecretsOf(profile.Id))
                await NoteAsync(name, $"profiles/{profile.Name}/{field}");
        }

        List<MailboxInput> mailboxes = [];
        await foreach (Mailbox mailbox in AllMailboxesAsync(store, cancellationToken))
        {
            mailboxes.Add(MailboxInput.Of(mailbox) with { Profile = names[mailbox.Profile] });
            await NoteAsync(SecretName.Of(mailbox.Id), $"mailboxes/{mailbox.EmailAddress}/password");
            await NoteAsync(SecretName.RefreshTokenOf(mailbox.Id), $"mailboxes/{mailbox.EmailAddress}/refreshToken");
        }

        SettingsContract settings = SettingsContract.Of(await store.Settings.ReadAsync(cancellationToken));
        return TypedResults.Ok(new ConfigurationContract
        {
            Format = 1,
            Settings = settings with { DefaultProfile = settings.DefaultProfile is { } id ? names.GetValueOrDefault(ProfileId.Parse(id, null)) : null },
            Profiles = [.. profiles.Select(ProfileInput.Of)],
            Mailboxes = mailboxes,
            SetSecrets = secrets,
        });
    }

    /// <summary>What applying it would do. Nothing is changed.</summary>
    private static async Task<Ok<PlanContract>> PlanAsync(
        ConfigurationContract configuration, bool? prune, ConfigurationPlan plan, Channel channel, HttpContext context, CancellationToken cancellationToken)
    {
        channel.Require(context);
        return TypedResults.Ok(new PlanContract(IsApplied: false, await plan.MakeAsync(configuration, prune is true, cancellationToken)));
    }

    /// <summary>Does what the plan says, all of it or nothing.</summary>
    private static async Task<Ok<PlanContract>> ApplyAsync(
        ConfigurationContract configuration, bool? prune, ConfigurationPlan plan, Channel channel, HttpContext context, CancellationToken cancellationToken)
    {
        channel.Require(context);
        return TypedResults.Ok(new PlanContract(IsApplied: true, await plan.ApplyAsync(configuration, prune is true, cancellationToken)));
    }

    /// <summary>Makes messages known that another program has fetched, so that they are not fetched again.</summary>
    private static async Task<Ok<MailboxContract>> AddKnownAsync(string mailbox, KnownUniqueIdsInput input, IStore store, CancellationToken cancellationToken)
    {
        if (input.UniqueIds is not { Count: > 0 and <= 10_000 } ids)
            throw InvalidRequestException.Of("uniqueIds", null, "There is none, or more than 10,000.", "Give up to 10,000 at once.");
        // Servers give longer ones than RFC 1939 has, and octets that it has not: what can be received must be known here too.
        if (ids.FirstOrDefault(id => id.Length is 0 or > KnownUniqueIdsInput.MostCharacters || id.Any(c => c is < ' ' or '\u007F' or > '\u00FF')) is { } wrong)
            throw InvalidRequestException.Of("uniqueIds", wrong, "It is no unique-id.", $"Give 1 to {KnownUniqueIdsInput.MostCharacters} characters, each for an octet from 0x20 on that is not 0x7F.");
        Mailbox found = await MailboxesApi.FindAsync(store, mailbox, cancellationToken);
        await store.Incoming.AddKnownUniqueIdsAsync(found.Id, [.. ids.Select(id => UniqueIdHash.Of(System.Text.Encoding.Latin1.GetBytes(id)))], cancellationToken);
        return TypedResults.Ok(MailboxContract.Of(found, await store.Secrets.IsSetAsync(SecretName.Of(found.Id), cancellationToken)));
    }

    private sealed class WholeConfiguration : IRequestSizeLimitMetadata
    {
        public long? MaxRequestBodySize => 64 * 1024 * 1024;
    }
}
