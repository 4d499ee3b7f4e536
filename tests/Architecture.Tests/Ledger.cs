using System.Text.RegularExpressions;

namespace EmailSync.Architecture.Tests;

/// <summary>What became of a duty, in the order of the readme's columns.</summary>
internal enum LedgerState
{
    /// <summary>Met, and a test proves it.</summary>
    Proven,

    /// <summary>Met by the way things are made; no test could show it more clearly.</summary>
    ByDesign,

    /// <summary>The RFC leaves the choice, and the choice was made.</summary>
    NotFollowed,

    /// <summary>The duty is about something that is not here.</summary>
    DoesNotApply,

    /// <summary>Not met, or not wholly.</summary>
    Open,
}

/// <summary>A row of a page: a duty with the RFC's level, where there is one; where it is met; and the proof or the reason.</summary>
internal sealed record LedgerRow(
    string Id, string? Level, IReadOnlyList<string> Sources, IReadOnlyList<(string File, string Method)> Tests, LedgerState State, string Reason);

/// <summary>The pages under docs/rfcs.</summary>
internal static partial class Ledger
{
    public const string Folder = "docs/rfcs";

    private static readonly (string Word, LedgerState State)[] Reasons =
    [
        ("by design: ", LedgerState.ByDesign),
        ("not followed: ", LedgerState.NotFollowed),
        ("does not apply: ", LedgerState.DoesNotApply),
        ("open: ", LedgerState.Open),
    ];

    /// <summary>The ids that there must be rows for, each with its level where it has one.</summary>
    public static IEnumerable<string> Ids(string list) => Repository.Lines($"{Folder}/{list}").Where(line => line.Length > 0);

    /// <summary>The rows of the pages that match.</summary>
    public static IEnumerable<LedgerRow> Rows(string pages = "*.md") =>
        Directory.EnumerateFiles(Path.Combine(Repository.Root, Folder), pages)
            .Where(page => Path.GetFileName(page) != "README.md")
            .Order(StringComparer.Ordinal)
            .SelectMany(File.ReadAllLines)
            .Where(line => line.StartsWith("| ", StringComparison.Ordinal) && !line.StartsWith("| ID |", StringComparison.Ordinal))
            .Select(Parse);

    private static LedgerRow Parse(string line)
    {
        string[] cells = line.Split('|')[1..^1];
        Assert.True(cells.Length is 4 or 5, $"This row has {cells.Length} cells: {line}");
        string proof = cells[^1].Trim();
        (string word, LedgerState state) =
            Reasons.Where(reason => proof.StartsWith(reason.Word, StringComparison.Ordinal)).DefaultIfEmpty(("", LedgerState.Proven)).First();
        return new(
            cells[0].Trim(),
            cells.Length == 5 ? cells[1].Trim() : null,
            [.. Quoted().Matches(cells[^2]).Select(match => match.Groups["text"].Value)],
            state == LedgerState.Proven ? [.. Test().Matches(proof).Select(match => (match.Groups["file"].Value, match.Groups["method"].Value))] : [],
            state,
            proof[word.Length..]);
    }

    [GeneratedRegex("`(?<text>[^`]+)`")]
    private static partial Regex Quoted();

    [GeneratedRegex("`(?<file>[^`]+)` (?<method>[A-Za-z0-9_]+)")]
    private static partial Regex Test();
}
