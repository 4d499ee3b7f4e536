using EmailSync.Appliance.Api.Contracts;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;
using EmailSync.Protocols.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace EmailSync.Appliance.Api;

/// <summary>What keeps an appliance in good order: backups, and new keys.</summary>
internal static class UpkeepApi
{
    /// <summary>The routes.</summary>
    public static void MapUpkeep(this IEndpointRouteBuilder routes)
    {
        RouteGroupBuilder upkeep = routes.MapGroup("").WithTags("upkeep").WithMetadata(new LeastRole(TokenRole.Admin));
        upkeep.MapPost("/backup", Backup).Produces(StatusCodes.Status200OK, contentType: "application/x-tar");
        upkeep.MapPost("/rotate-keys", RotateAsync);
    }

    /// <summary>The state of this moment as a tar archive, while everything goes on. It is whole where its last entry is manifest.json.</summary>
    private static PushStreamHttpResult Backup(BackupInput input, Channel channel, IStore store, HttpContext context, CancellationToken cancellationToken)
    {
        channel.RequireFor(context, input.Passphrase);
        if (input.Passphrase is { Length: < 12 or > 1000 })
            throw InvalidRequestException.Of("passphrase", null, "It has fewer than 12 or more than 1000 characters.", "Give a longer one; five words will do.");
        Secret? passphrase = input.Passphrase is { } given ? new Secret(given) : null;
        return TypedResults.Stream(stream => store.WriteBackupAsync(stream, passphrase, cancellationToken), "application/x-tar");
    }

    /// <summary>Makes a new key, encrypts every secret under it, and deletes the keys that nothing needs any more.</summary>
    private static async Task<Ok<RotationContract>> RotateAsync(IStore store, CancellationToken cancellationToken)
    {
        KeyRotation rotation = await store.Secrets.RotateKeysAsync(cancellationToken);
        return TypedResults.Ok(new RotationContract(rotation.Secrets, rotation.RetiredKeys));
    }
}
