using System.Globalization;
using System.Text.RegularExpressions;

namespace EmailSync.Architecture.Tests;

/// <summary>
/// The ledger under docs/rfcs says for each duty of a client where it is met and which test proves it. A row that points at nothing, or a
/// duty without a row, fails here.
/// </summary>
public sealed class LedgerTests
{
    public static TheoryData<string, string> Lists => new()
    {
        { "duties.txt", "rfc*.md" },
        { "threats.txt", "threats.md" },
        { "quirks.txt", "quirks.md" },
    };

    /// <summary>The levels that leave a client the choice (RFC 2119).</summary>
    private static readonly string[] Optional = ["SHOULD", "SHOULD NOT", "MAY", "should", "may", "may NOT"];

    [Theory]
    [MemberData(nameof(Lists))]
    public void Every_duty_has_one_row_and_every_row_is_a_duty(string list, string pages) =>
        Assert.Equal(
            Ledger.Ids(list).Order(StringComparer.Ordinal),
            Ledger.Rows(pages).Select(row => row.Level is null ? row.Id : $"{row.Id} {row.Level}").Order(StringComparer.Ordinal));

    [Fact]
    public void Every_source_file_that_is_named_exists() =>
        Assert.Empty(Ledger.Rows().SelectMany(row => row.Sources.Select(file => (row.Id, File: file)))
            .Where(named => !named.File.StartsWith("src/", StringComparison.Ordinal) || !Repository.Exists(named.File)));

    [Fact]
    public void Every_test_that_is_named_exists() =>
        Assert.Empty(Ledger.Rows().SelectMany(row => row.Tests.Select(test => (row.Id, test.File, test.Method)))
            .Where(named => !IsTest(named.File, named.Method)));

    [Fact]
    public void Every_row_has_a_proof_with_its_place_or_a_reason() =>
        Assert.Empty(Ledger.Rows().Where(row => row.State == LedgerState.Proven ? row.Tests.Count == 0 || row.Sources.Count == 0 : row.Reason.Length < 10)
            .Select(row => row.Id));

    [Fact]
    public void Only_what_a_client_may_choose_is_not_followed() =>
        Assert.Empty(Ledger.Rows("rfc*.md").Where(row => row.State == LedgerState.NotFollowed && !Optional.Contains(row.Level)).Select(row => row.Id));

    [Theory]
    [MemberData(nameof(Lists))]
    public void The_counts_stand_in_the_readme(string list, string pages)
    {
        LedgerRow[] rows = [.. Ledger.Rows(pages)];
        string counts = string.Join(" | ", Enum.GetValues<LedgerState>().Select(state => Number(rows.Count(row => row.State == state))));
        Assert.Contains($"| [{list}]({list}) | {Number(rows.Length)} | {counts} |", Repository.Lines($"{Ledger.Folder}/README.md"));
    }

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    // The method's declaration, and before it, with no other member between, the attribute that makes it a test.
    private static bool IsTest(string file, string method) =>
        file.StartsWith("tests/", StringComparison.Ordinal) && Repository.Exists(file)
        && Regex.IsMatch(
            string.Join('\n', Repository.Lines(file)),
            $@"^    \[(Fact|Theory)\b[^\n]*\n(?:(?!    (public|private|internal) )[^\n]*\n)*    public [^\n(=]*\b{Regex.Escape(method)}\(",
            RegexOptions.Multiline);
}
