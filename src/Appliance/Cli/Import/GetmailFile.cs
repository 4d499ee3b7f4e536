using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Cli.Import;

/// <summary>Reads a getmailrc, and the oldmail file beside it: <c>unique-id NUL timestamp</c>, a line for each message that was seen.</summary>
internal static partial class GetmailFile
{
    /// <summary>Reads one.</summary>
    /// <param name="file">The getmailrc.</param>
    /// <param name="stateFolder">Where its oldmail file lies.</param>
    /// <returns>The account; or why it is none that can be served here.</returns>
    /// <exception cref="InvalidDataException">It cannot be understood.</exception>
    public static (ImportedAccount? Account, string? LeftOut) Read(FileInfo file, string stateFolder)
    {
        Dictionary<(string Section, string Key), string> values = ReadValues(File.ReadLines(file.FullName), file.Name);
        string? Of(string section, string key) => values.GetValueOrDefault((section, key));
        string type = Of("retriever", "type") ?? throw new InvalidDataException($"{file.Name}: there is no type in [retriever].");
        if (!type.Contains("POP3", StringComparison.Ordinal))
            return (null, $"{file.Name}: {type} is not POP3");
        if (!type.StartsWith("Simple", StringComparison.Ordinal))
            return (null, $"{file.Name}: {type} hands mail on to others, which is not done here");
        string server = Of("retriever", "server") ?? throw new InvalidDataException($"{file.Name}: there is no server in [retriever].");
        string user = Of("retriever", "username") ?? throw new InvalidDataException($"{file.Name}: there is no username in [retriever].");
        bool isSsl = type.Contains("SSL", StringComparison.Ordinal);
        int port = Of("retriever", "port") is not { } written ? (isSsl ? 995 : 110)
            : int.TryParse(written, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number
            : throw new InvalidDataException($"{file.Name}: '{written}' is no port.");
        bool deletes = Of("options", "delete") is { } delete && delete.ToLowerInvariant() is "1" or "true" or "yes" or "on";
        string oldmail = Path.Combine(stateFolder, Unsafe().Replace(string.Create(CultureInfo.InvariantCulture, $"oldmail-{server}-{port}-{user}"), "-"));
        IReadOnlyList<string> known = File.Exists(oldmail) ? [.. ReadOldmail(File.ReadLines(oldmail, Encoding.Latin1))] : [];
        return (new(server, port, isSsl ? TlsMode.Implicit : TlsMode.StartTls, user, Of("retriever", "password"), deletes, known), null);
    }

    /// <summary>The unique-ids of an oldmail file. getmail passes over a line that is none, and so does this.</summary>
    public static IEnumerable<string> ReadOldmail(IEnumerable<string> lines) =>
        lines.Select(line => line.Split('\0')).Where(parts => parts is [{ Length: > 0 }, _]).Select(parts => parts[0]);

    // As Python's configparser reads them: a line that is indented goes on with the one before it.
    private static Dictionary<(string Section, string Key), string> ReadValues(IEnumerable<string> lines, string name)
    {
        Dictionary<(string Section, string Key), string> values = [];
        string section = "";
        int number = 0;
        foreach (string line in lines)
        {
            number++;
            string text = line.Trim();
            if (text.Length == 0 || text[0] is '#' or ';' || char.IsWhiteSpace(line[0]))
                continue;
            if (text[0] == '[' && text[^1] == ']')
            {
                section = text[1..^1];
                continue;
            }

            int end = text.AsSpan().IndexOfAny('=', ':');
            if (end <= 0)
                throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture, $"{name}, line {number}: it is neither a section nor 'key = value'."));
            values[(section, text[..end].Trim().ToLowerInvariant())] = text[(end + 1)..].Trim();
        }

        return values;
    }

    [GeneratedRegex(@"[/\\:;<>|]+")]
    private static partial Regex Unsafe();
}
