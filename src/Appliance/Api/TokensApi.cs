using EmailSync.Appliance.Api.Contracts;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace EmailSync.Appliance.Api;

/// <summary>Tokens for calls over TCP.</summary>
public static class TokensApi
{
    /// <summary>The routes.</summary>
    public static void MapTokens(this IEndpointRouteBuilder routes)
    {
        RouteGroupBuilder tokens = routes.MapGroup("/tokens").WithTags("tokens").WithMetadata(new LeastRole(TokenRole.Admin));
        tokens.MapGet("/", ListAsync);
        tokens.MapPost("/", CreateAsync);
        tokens.MapDelete("/{token}", DeleteAsync);
    }

    private static async Task<Ok<Page<TokenContract>>> ListAsync(IStore store, TokenId? after, int? limit, CancellationToken cancellationToken)
    {
        int size = PageLimit.Of(limit);
        IReadOnlyList<ApiToken> page = await store.Tokens.ListAsync(after, size, cancellationToken);
        return TypedResults.Ok(new Page<TokenContract>([.. page.Select(token => TokenContract.Of(token))], page.Count == size ? page[^1].Id.ToString() : null));
    }

    /// <summary>The only answer that has the token in it.</summary>
    private static async Task<Created<TokenContract>> CreateAsync(
        TokenInput input, Channel channel, IStore store, HttpContext context, CancellationToken cancellationToken)
    {
        channel.Require(context);
        Faults faults = new();
        string name = faults.Text("name", input.Name, 1, 100, "");
        TokenRole role = faults.Choice("role", input.Role, TokenRole.Application);
        if (input.Role is null)
            faults.Add("role", null, "It is needed.", "Give application, operator or admin.");
        faults.ThrowIfAny();

        string secret = TokenText.NewSecret();
        ApiToken created = await store.Tokens.CreateAsync(
            new() { Name = name, Role = role, CreatedBy = Caller.NameOf(context) }, TokenText.Hash(secret), cancellationToken);
        context.Response.Headers.CacheControl = "no-store";
        return TypedResults.Created($"/api/v1/tokens/{created.Id}", TokenContract.Of(created, TokenText.Write(created.Id, secret)));
    }

    private static async Task<NoContent> DeleteAsync(string token, IStore store, CancellationToken cancellationToken)
    {
        TokenId? id = TokenId.TryParse(token, null, out TokenId parsed) ? parsed : (await store.Tokens.FindByNameAsync(token, cancellationToken))?.Id;
        return id is { } known && await store.Tokens.DeleteAsync(known, cancellationToken)
            ? TypedResults.NoContent()
            : throw new NotStoredException($"token '{token}'");
    }
}
