using System.Security.Cryptography;
using System.Text;

namespace EmailSync.Lab;

/// <summary>The server's side of the SASL exchanges that POP3 (RFC 5034) and SMTP (RFC 4954) share.</summary>
internal static class LabSignIn
{
    /// <summary>What the client offered, before anybody judged it.</summary>
    /// <param name="UserName">The name that was given.</param>
    /// <param name="Secret">The password, or the bearer token.</param>
    /// <param name="IsToken">Whether the secret is a bearer token.</param>
    internal readonly record struct Credentials(string UserName, string Secret, bool IsToken = false);

    /// <summary>Runs the exchange; null when the client cancelled it or sent something that is not base64.</summary>
    /// <param name="connection">The client.</param>
    /// <param name="mechanism">The mechanism's name in capitals, one that <see cref="Knows"/> knows.</param>
    /// <param name="initialResponse">The initial response as it stood on the command line, or null.</param>
    /// <param name="challengePrefix">"+ " for POP3, "334 " for SMTP.</param>
    public static async ValueTask<Credentials?> ExchangeAsync(
        LabConnection connection, string mechanism, string? initialResponse, string challengePrefix)
    {
        async ValueTask<string?> ask(string challenge)
        {
            await connection.ReplyAsync(challengePrefix + Convert.ToBase64String(Encoding.UTF8.GetBytes(challenge)));
            return await connection.ReadLineAsync() ? Decode(connection.LineText) : null;
        }

        string? first = initialResponse is null ? null : Decode(initialResponse == "=" ? "" : initialResponse);
        if (initialResponse is not null && first is null)
            return null;
        switch (mechanism)
        {
            case "LOGIN":
                string? name = first ?? await ask("Username:");
                string? password = name is null ? null : await ask("Password:");
                return password is null ? null : new Credentials(name!, password);
            case "PLAIN":
                string[]? parts = (first ?? await ask(""))?.Split('\0');
                return parts is [_, string user, string secret] ? new Credentials(user, secret) : null;
            default:
                return Bearer(first ?? await ask(""));
        }
    }

    public static bool Knows(string mechanism) => mechanism is "PLAIN" or "LOGIN" or "XOAUTH2";

    public static bool IsRight(LabMailbox? mailbox, Credentials given) => mailbox is not null
        && CryptographicOperations.FixedTimeEquals(
            Encoding.UTF8.GetBytes(given.IsToken ? mailbox.AccessToken : mailbox.Password), Encoding.UTF8.GetBytes(given.Secret));

    // user=somebody@example ^A auth=Bearer token ^A ^A
    private static Credentials? Bearer(string? response)
    {
        string[] fields = response?.Split('\x01') ?? [];
        string? user = fields.FirstOrDefault(field => field.StartsWith("user=", StringComparison.Ordinal))?["user=".Length..];
        string? token = fields.FirstOrDefault(field => field.StartsWith("auth=Bearer ", StringComparison.Ordinal))
            ?["auth=Bearer ".Length..];
        return user is null || token is null ? null : new Credentials(user, token, IsToken: true);
    }

    private static string? Decode(string base64)
    {
        byte[] decoded = new byte[base64.Length];
        return Convert.TryFromBase64String(base64, decoded, out int length)
            ? Encoding.UTF8.GetString(decoded, 0, length)
            : null;
    }
}
