using System.Globalization;
using System.Text.Json;
using EmailSync.Appliance.Egress;
using EmailSync.Protocols.Wire;

namespace EmailSync.Appliance.Processing;

/// <summary>What a token endpoint answered (RFC 6749 sections 5.1 and 5.2).</summary>
/// <param name="Token">The access token.</param>
/// <param name="Lifetime">How long it serves.</param>
/// <param name="RefreshToken">A new refresh token, which replaces the one that was used; null where that one goes on.</param>
/// <param name="RefreshTokenLifetime">How long the refresh token serves, where the provider says it.</param>
internal sealed record TokenAnswer(Secret Token, TimeSpan Lifetime, Secret? RefreshToken, TimeSpan? RefreshTokenLifetime)
{
    private const int LongestToken = 16 * 1024;
    private const int LongestText = 300;

    // The RFC only recommends expires_in.
    private static readonly TimeSpan UnknownLifetime = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan LongestLifetime = TimeSpan.FromDays(3650);

    // Errors that the same request would meet again (RFC 6749 section 5.2): a person must mend something.
    private static readonly string[] Final = ["invalid_grant", "invalid_client", "unauthorized_client", "invalid_scope", "unsupported_grant_type", "invalid_request"];

    /// <summary>Reads an answer.</summary>
    /// <exception cref="SignInRefusedException">It is a refusal, or no answer that the RFC knows.</exception>
    public static TokenAnswer Read(HttpAnswer answer, string host, IEnumerable<string> secrets)
    {
        JsonElement json;
        try
        {
            json = JsonElement.Parse(answer.Body, new() { MaxDepth = 8 });
        }
        catch (JsonException)
        {
            throw Refused($"{host} answered {(int)answer.Status} with something that is not JSON.", areCredentialsWrong: false);
        }

        if (json.ValueKind != JsonValueKind.Object || Text(json, "access_token") is not { Length: > 0 } token || (int)answer.Status != 200)
        {
            string error = json.ValueKind == JsonValueKind.Object ? Text(json, "error") ?? "" : "";
            string description = json.ValueKind == JsonValueKind.Object ? Text(json, "error_description") ?? "" : "";
            throw Refused(
                $"{host} gave no access token: {(int)answer.Status} {Plain(error, secrets)} {Plain(description, secrets)}".TrimEnd(),
                areCredentialsWrong: Array.Exists(Final, final => final == error));
        }

        if (token.Length > LongestToken || token.Any(c => c is < ' ' or > '~'))
            throw Refused($"{host} gave an access token that no mail server takes.", areCredentialsWrong: false);
        if (Text(json, "token_type") is { } type && !string.Equals(type, "Bearer", StringComparison.OrdinalIgnoreCase))
            throw Refused($"{host} gave a token of the type '{Plain(type, secrets)}', and mail takes bearer tokens.", areCredentialsWrong: true);
        return new(
            new Secret(token), Seconds(json, "expires_in") ?? UnknownLifetime,
            Text(json, "refresh_token") is { Length: > 0 and <= LongestToken } refresh ? new Secret(refresh) : null,
            Seconds(json, "refresh_token_expires_in"));
    }

    private static SignInRefusedException Refused(string message, bool areCredentialsWrong) => new(message, areCredentialsWrong, inner: null);

    private static string? Text(JsonElement json, string name) =>
        json.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    // Some providers write the number as text.
    private static TimeSpan? Seconds(JsonElement json, string name)
    {
        if (!json.TryGetProperty(name, out JsonElement value)
            || !double.TryParse(value.ToString(), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double seconds))
            return null;
        return TimeSpan.FromSeconds(Math.Min(seconds, LongestLifetime.TotalSeconds));
    }

    // A stranger's words: one short line of visible characters, and never a secret that it echoes.
    private static string Plain(string text, IEnumerable<string> secrets)
    {
        foreach (string secret in secrets)
            text = text.Replace(secret, "***", StringComparison.Ordinal);
        string line = new([.. text.Take(LongestText).Select(c => char.IsControl(c) || char.GetUnicodeCategory(c) == UnicodeCategory.Format ? ' ' : c)]);
        return line.Trim();
    }
}
