using System.Security.Cryptography;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace EmailSync.Appliance.Api;

/// <summary>The least role that an endpoint asks for. An endpoint that says nothing asks for <see cref="TokenRole.Admin"/>.</summary>
/// <param name="Role">The role.</param>
public sealed record LeastRole(TokenRole Role);

/// <summary>
/// Who may call: anybody who can open the control socket, which only the appliance's own user can, does so as an administrator; over TCP
/// whoever has a token, in the token's role.
/// </summary>
public sealed class Caller(IStore store, FailureLimit failures)
{
    private static readonly Identity ControlSocket = new("control socket", TokenRole.Admin);

    /// <summary>Whether a request came through the control socket.</summary>
    public static bool IsOnControlSocket(HttpContext context) => context.Features.Get<ControlSocketMark>() is not null;

    /// <summary>What the caller is called in records.</summary>
    public static string NameOf(HttpContext context) => Identify(context).Name;

    /// <summary>What the caller may do.</summary>
    public static TokenRole RoleOf(HttpContext context) => Identify(context).Role;

    /// <summary>Lets a request through, or answers that it may not.</summary>
    public async Task AdmitAsync(HttpContext context, Func<Task> next)
    {
        if (await WhyNotAsync(context) is { } refusal)
            await Problems.WriteAsync(context, refusal);
        else
            await next();
    }

    /// <summary>Listens on the control socket, and marks what comes through it.</summary>
    public static void ListenOnControlSocket(KestrelServerOptions kestrel, string path) => kestrel.ListenUnixSocket(path, listen => listen.Use(next => connection =>
    {
        connection.Features.Set(new ControlSocketMark());
        return next(connection);
    }));

    private async ValueTask<Contracts.Problem?> WhyNotAsync(HttpContext context)
    {
        if (IsOnControlSocket(context))
        {
            context.Features.Set(ControlSocket);
            return null;
        }

        // A page that a browser was lured to can reach loopback: under a name of its own (DNS rebinding), or across origins.
        if (!IsLoopbackName(context.Request.Host.Host))
            return Problems.Of(ProblemCatalog.Misdirected, "Use localhost or 127.0.0.1.");
        if (context.Request.Headers.Origin is [{ } origin, ..] && !(Uri.TryCreate(origin, UriKind.Absolute, out Uri? page) && IsLoopbackName(page.Host)))
            return Problems.Of(ProblemCatalog.CrossOrigin, "The request names the origin of another page.");

        if (context.Request.Path.Value is "/livez" or "/readyz" or "/healthz")
            return null;
        if (await IdentifyAsync(context) is not { } identity)
            return Refuse(context);
        context.Features.Set(identity);

        // Where no route was found there is nothing to guard, and the answer says so.
        if (context.GetEndpoint() is not RouteEndpoint endpoint)
            return null;
        LeastRole least = endpoint.Metadata.GetMetadata<LeastRole>() ?? new(TokenRole.Admin);
        return identity.Role >= least.Role
            ? null
            : Problems.Of(ProblemCatalog.Forbidden, $"This takes the role {Lower(least.Role)}; the token's is {Lower(identity.Role)}.");
    }

    private async ValueTask<Identity?> IdentifyAsync(HttpContext context)
    {
        const string Scheme = "Bearer ";
        string header = context.Request.Headers.Authorization.ToString();
        if (!header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) || !TokenText.TryRead(header[Scheme.Length..].Trim(), out TokenId id, out string secret))
            return null;
        (ApiToken Token, byte[] Sha256)? known = await store.Tokens.FindAsync(id, context.RequestAborted);
        // Compared also where there is no such token, so that the time of the answer tells nothing.
        bool isRight = CryptographicOperations.FixedTimeEquals(TokenText.Hash(secret), known?.Sha256 ?? new byte[SHA256.HashSizeInBytes]);
        return isRight && known is { Token: var token } ? new($"{token.Name} ({token.Id})", token.Role) : null;
    }

    private Contracts.Problem Refuse(HttpContext context)
    {
        if (failures.Count(context.Connection.RemoteIpAddress ?? System.Net.IPAddress.None) is { } wait)
        {
            context.Response.Headers.RetryAfter = ((int)Math.Ceiling(wait.TotalSeconds)).ToString(System.Globalization.CultureInfo.InvariantCulture);
            return Problems.Of(ProblemCatalog.TooManyFailures, $"More than {FailureLimit.Allowed} requests without a right token came from this address.");
        }

        context.Response.Headers.WWWAuthenticate = "Bearer";
        return Problems.Of(ProblemCatalog.Unauthenticated, "Send Authorization: Bearer with a token; 'emailsync token create' makes one.");
    }

    private static Identity Identify(HttpContext context) =>
        context.Features.Get<Identity>() ?? throw new InvalidOperationException("The request was not admitted.");

    private static string Lower(TokenRole role) => role.ToString().ToLowerInvariant();

    private static bool IsLoopbackName(string host) => host is "localhost" or "127.0.0.1" or "[::1]";

    private sealed record Identity(string Name, TokenRole Role);

    // Set by the listener itself: a connection without it is never taken for one that came through the socket.
    private sealed class ControlSocketMark;
}
