using System.Globalization;
using EmailSync.Appliance.Api.Contracts;

namespace EmailSync.Appliance.Cli.Import;

/// <summary>Reads a .fetchids: a line for each message that was fetched and left on its server, <c>user@server unique-id</c>.</summary>
internal static class FetchmailIds
{
    /// <summary>The unique-ids by user and server.</summary>
    /// <exception cref="InvalidDataException">A line is none.</exception>
    public static ILookup<(string User, string Server), string> Read(IEnumerable<string> lines) =>
        lines.Select((line, index) => (Line: line.TrimEnd(' ', '\t'), Number: index + 1))
            .Where(entry => entry.Line.Length > 0)
            .Select(entry => ReadLine(entry.Line, entry.Number))
            .ToLookup(entry => (entry.User, entry.Server), entry => entry.UniqueId);

    // A user may be an address: so the last at sign before the blank parts it from its server.
    private static (string User, string Server, string UniqueId) ReadLine(string line, int number)
    {
        int blank = line.IndexOf(' ', StringComparison.Ordinal);
        int at = blank < 0 ? -1 : line.LastIndexOf('@', blank);
        return at > 0 && line.Length - blank - 1 is > 0 and <= KnownUniqueIdsInput.MostCharacters && !line.Any(c => c is < ' ' or '\u007F')
            ? (line[..at], line[(at + 1)..blank], line[(blank + 1)..])
            : throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture, $"Line {number} of the file of ids is not 'user@server unique-id'."));
    }
}
