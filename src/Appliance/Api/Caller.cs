using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Http;

namespace EmailSync.Appliance.Api;

/// <summary>
/// Who may call: anybody who can open the control socket, which only the appliance's own user can; over TCP whoever has the token, which
/// stands in a file that only that user can read.
/// </summary>
public sealed class Caller
{
    private readonly byte[] _tokenHash;

    private Caller(string token) => _tokenHash = SHA256.HashData(Encoding.UTF8.GetBytes(token));

    /// <summary>Reads the token for TCP, or makes one where there is none.</summary>
    /// <param name="path">The token's file; it is made for its owner alone.</param>
    public static Caller FromFile(string path)
    {
        if (!File.Exists(path))
        {
            FileStreamOptions options = new() { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            using StreamWriter writer = new(path, options);
            writer.WriteLine("est_" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32)));
        }

        string token = File.ReadAllText(path).Trim();
        return token.Length > 0 ? new(token) : throw new InvalidOperationException($"The token file {path} is empty; delete it to get a new token.");
    }

    /// <summary>Whether a request came through the control socket.</summary>
    public static bool IsOnControlSocket(HttpContext context) => context.Features.Get<ControlSocketMark>() is not null;

    /// <summary>What the caller is called in records.</summary>
    public static string NameOf(HttpContext context) => IsOnControlSocket(context) ? "control socket" : "token";

    /// <summary>Lets a request through, or answers that it may not.</summary>
    public async Task AdmitAsync(HttpContext context, Func<Task> next)
    {
        if (IsOnControlSocket(context))
        {
            await next();
            return;
        }

        // A page that a browser was lured to can reach loopback, under a name of its own (DNS rebinding).
        if (context.Request.Host.Host is not ("localhost" or "127.0.0.1" or "[::1]"))
        {
            await Problems.WriteAsync(context, Problems.Of(421, "misdirected", "This is not the host that was asked for.", "Use localhost or 127.0.0.1."));
            return;
        }

        if (context.Request.Path.Value is "/livez" or "/readyz" or "/healthz" || HasToken(context))
        {
            await next();
            return;
        }

        context.Response.Headers.WWWAuthenticate = "Bearer";
        await Problems.WriteAsync(context, Problems.Of(
            401, "unauthenticated", "A token is needed.", "Send Authorization: Bearer with the token that stands in the file api-token of the data folder."));
    }

    private bool HasToken(HttpContext context)
    {
        string header = context.Request.Headers.Authorization.ToString();
        return header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase)
            && CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(header[7..].Trim())), _tokenHash);
    }

    /// <summary>Listens on the control socket, and marks what comes through it.</summary>
    public static void ListenOnControlSocket(KestrelServerOptions kestrel, string path) => kestrel.ListenUnixSocket(path, listen => listen.Use(next => connection =>
    {
        connection.Features.Set(new ControlSocketMark());
        return next(connection);
    }));

    // Set by the listener itself: a connection without it is never taken for one that came through the socket.
    private sealed class ControlSocketMark;
}
