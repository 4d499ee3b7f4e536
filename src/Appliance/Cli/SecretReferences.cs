using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using EmailSync.Appliance.Api.Contracts;

namespace EmailSync.Appliance.Cli;

/// <summary>
/// Secrets of a configuration file, by reference: <c>{"env": "NAME"}</c> or <c>{"file": "PATH"}</c> where the secret would stand. A secret that
/// stands there itself is refused, because the file is made to be kept and shared.
/// </summary>
internal static class SecretReferences
{
    /// <summary>Puts a reference in place of every secret that is set, by a name made from its path.</summary>
    public static void Insert(JsonObject configuration)
    {
        HashSet<string> names = [];
        foreach (JsonNode? path in configuration["setSecrets"]?.AsArray() ?? [])
        {
            (JsonObject entry, string field) = Find(configuration, (string)path!);
            string name = NameOf((string)path!);
            // a-b@example.com and a.b@example.com are two, and a variable knows neither sign.
            for (int number = 2; !names.Add(name); number++)
                name = string.Create(CultureInfo.InvariantCulture, $"{NameOf((string)path!)}_{number}");
            entry[field] = new JsonObject { ["env"] = name };
        }

        configuration.Remove("setSecrets");
    }

    /// <summary>Puts secrets in place of their references.</summary>
    /// <param name="configuration">As it was read from a file.</param>
    /// <param name="isSet">Whether the appliance has a secret for a path: then a variable that is not set leaves it as it is.</param>
    /// <param name="variable">Reads a variable of the environment.</param>
    /// <param name="baseFolder">What paths of files are relative to.</param>
    /// <exception cref="InvalidDataException">A reference leads nowhere; all of them are told.</exception>
    public static void Resolve(JsonObject configuration, Predicate<string> isSet, Func<string, string?> variable, string baseFolder)
    {
        List<string> faults = [];
        foreach ((string kind, string key) in new[] { ("profiles", "name"), ("mailboxes", "emailAddress") })
        {
            foreach (JsonObject entry in (configuration[kind] as JsonArray ?? []).OfType<JsonObject>())
            {
                foreach ((string field, JsonNode? value) in entry.Where(pair => SecretFields.IsOne(pair.Key)).ToList())
                {
                    string path = $"{kind}/{(entry[key] as JsonValue)?.ToString()}/{field}";
                    (string? secret, string? fault) = Resolve(value, path, isSet, variable, baseFolder);
                    if (fault is not null)
                        faults.Add($"{path}: {fault}");
                    if (secret is null)
                        entry.Remove(field);
                    else
                        entry[field] = secret;
                }
            }
        }

        if (faults.Count > 0)
            throw new InvalidDataException(string.Join(" ", faults));
    }

    private static (string? Secret, string? Fault) Resolve(JsonNode? value, string path, Predicate<string> isSet, Func<string, string?> variable, string baseFolder)
    {
        if (value is null)
            return (null, null);
        if (value is not JsonObject { Count: 1 } reference || reference.First() is not { Value: JsonValue target } pair)
            return (null, "a secret stands here by reference only: {\"env\": \"NAME\"} or {\"file\": \"PATH\"}.");
        switch (pair.Key)
        {
            case "env":
                string? secret = variable(target.ToString());
                return secret is { Length: > 0 } ? (secret, null)
                    : isSet(path) ? (null, null) : (null, $"the variable {target} is not set.");
            case "file":
                string file = Path.Combine(baseFolder, target.ToString());
                if (!File.Exists(file))
                    return isSet(path) ? (null, null) : (null, $"there is no file '{file}'.");
                return File.ReadLines(file).FirstOrDefault() is { Length: > 0 } line ? (line, null) : (null, $"the file '{file}' is empty.");
            default:
                return (null, $"'{pair.Key}' is no kind of reference; give env or file.");
        }
    }

    private static (JsonObject Entry, string Field) Find(JsonObject configuration, string path)
    {
        int first = path.IndexOf('/', StringComparison.Ordinal);
        int last = path.LastIndexOf('/');
        string key = path[..first] == "profiles" ? "name" : "emailAddress";
        string name = path[(first + 1)..last];
        return (configuration[path[..first]]!.AsArray().Select(entry => entry!.AsObject()).Single(entry => (string?)entry[key] == name), path[(last + 1)..]);
    }

    private static string NameOf(string path)
    {
        StringBuilder name = new("EMAILSYNC_SECRET_");
        foreach (char c in path)
            name.Append(char.IsAsciiLetterOrDigit(c) ? char.ToUpperInvariant(c) : '_');
        return name.ToString();
    }
}
