using EmailSync.Appliance.Model;
using Microsoft.AspNetCore.Http;

namespace EmailSync.Appliance.Api;

/// <summary>
/// Whether a secret may come the way it came, and from whom: the control socket is a secure channel, plain HTTP is none, and operators have
/// nothing to do with secrets.
/// </summary>
/// <param name="AllowsInsecure">The deployment allows plain HTTP all the same.</param>
public sealed record Channel(bool AllowsInsecure)
{
    /// <summary>Refuses the request where it brings a secret in a way that secrets may not come.</summary>
    /// <exception cref="InsecureChannelException">It came over a channel that is not secure.</exception>
    /// <exception cref="ForbiddenException">The caller may not handle secrets.</exception>
    public void RequireFor(HttpContext context, params ReadOnlySpan<string?> secrets)
    {
        foreach (string? secret in secrets)
        {
            if (secret is null)
                continue;
            Require(context);
            return;
        }
    }

    /// <summary>Refuses a request that handles a secret, where it may not.</summary>
    /// <exception cref="InsecureChannelException">It came over a channel that is not secure.</exception>
    /// <exception cref="ForbiddenException">The caller may not handle secrets.</exception>
    public void Require(HttpContext context)
    {
        RequireAdmin(context, "A secret");
        if (!AllowsInsecure && !Caller.IsOnControlSocket(context) && !context.Request.IsHttps)
            throw new InsecureChannelException();
    }

    /// <summary>Refuses what only an administrator may set.</summary>
    /// <exception cref="ForbiddenException">The caller is none.</exception>
    public static void RequireAdmin(HttpContext context, string what)
    {
        if (Caller.RoleOf(context) < TokenRole.Admin)
            throw new ForbiddenException($"{what} is set by an admin token or through the control socket; the token's role is {Caller.RoleOf(context).ToString().ToLowerInvariant()}.");
    }
}
