using System.Text.Json.Nodes;

namespace EmailSync.Appliance.Api.Contracts;

/// <summary>Which fields of contracts hold secrets: told by their names, so that a new one is covered from its first day.</summary>
public static class SecretFields
{
    private static readonly string[] Endings = ["password", "passphrase", "secret", "token"];

    /// <summary>Whether a field holds a secret.</summary>
    /// <param name="name">By its name in JSON.</param>
    public static bool IsOne(string name) =>
        Array.Exists(Endings, ending => name.EndsWith(ending, StringComparison.OrdinalIgnoreCase));

    /// <summary>Puts <c>***</c> in place of every secret, however deep.</summary>
    public static void Mask(JsonNode? node)
    {
        if (node is JsonArray list)
        {
            foreach (JsonNode? entry in list)
                Mask(entry);
        }
        else if (node is JsonObject fields)
        {
            foreach ((string name, JsonNode? value) in fields.ToList())
            {
                if (IsOne(name) && value is not null)
                    fields[name] = "***";
                else
                    Mask(value);
            }
        }
    }
}
