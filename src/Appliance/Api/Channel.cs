using Microsoft.AspNetCore.Http;

namespace EmailSync.Appliance.Api;

/// <summary>Whether a password may come the way it came: the control socket is a secure channel, plain HTTP is none.</summary>
/// <param name="AllowsInsecure">The deployment allows it all the same.</param>
public sealed record Channel(bool AllowsInsecure)
{
    /// <summary>Refuses the request where it brings a secret over a channel that is not secure.</summary>
    /// <exception cref="InsecureChannelException">It does.</exception>
    public void RequireFor(HttpContext context, params ReadOnlySpan<string?> secrets)
    {
        if (AllowsInsecure || Caller.IsOnControlSocket(context) || context.Request.IsHttps)
            return;
        foreach (string? secret in secrets)
        {
            if (secret is not null)
                throw new InsecureChannelException();
        }
    }
}
