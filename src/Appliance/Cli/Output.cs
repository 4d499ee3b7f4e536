using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using EmailSync.Appliance.Api.Contracts;

namespace EmailSync.Appliance.Cli;

/// <summary>Answers: tables and lines for people, JSON for programs.</summary>
internal sealed class Output(TextWriter output, TextWriter error, bool isJson)
{
    private const int WidestCell = 60;
    private const string Gap = "  ";
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>Whether the answer is for a program.</summary>
    public bool IsJson => isJson;

    /// <summary>A line for people.</summary>
    public void Say(string line)
    {
        if (!isJson)
            output.WriteLine(Plain(line));
    }

    /// <summary>Something was done that has no answer of its own.</summary>
    public void Did(string thing, string what)
    {
        if (isJson)
            output.WriteLine(new JsonObject { ["name"] = thing, ["outcome"] = what }.ToJsonString(Indented));
        Say($"{thing}: {what}");
    }

    /// <summary>One thing: its fields by lines, or as JSON.</summary>
    public void Show<T>(T thing, JsonTypeInfo<T> type)
    {
        JsonNode node = JsonSerializer.SerializeToNode(thing, type)!;
        if (isJson)
        {
            output.WriteLine(node.ToJsonString(Indented));
            return;
        }
        JsonObject fields = node.AsObject();
        int width = fields.Max(field => field.Key.Length);
        foreach ((string name, JsonNode? value) in fields)
            output.WriteLine($"{(name + ":").PadRight(width + 1)} {Plain(value is JsonValue scalar ? scalar.ToString() : value?.ToJsonString() ?? "")}");
    }

    /// <summary>Many things: a table, or the page as JSON.</summary>
    public void List<T>(Page<T> page, JsonTypeInfo<Page<T>> type, params ReadOnlySpan<(string Heading, Func<T, object?> Cell)> columns)
    {
        if (isJson)
        {
            output.WriteLine(JsonSerializer.SerializeToNode(page, type)!.ToJsonString(Indented));
            return;
        }

        List<string[]> rows = [];
        string[] headings = new string[columns.Length];
        for (int i = 0; i < columns.Length; i++)
            headings[i] = columns[i].Heading;
        rows.Add(headings);
        foreach (T item in page.Items)
        {
            string[] cells = new string[columns.Length];
            for (int i = 0; i < cells.Length; i++)
                cells[i] = Cell(columns[i].Cell(item));
            rows.Add(cells);
        }

        int[] widths = [.. headings.Select((_, column) => rows.Max(row => row[column].Length))];
        foreach (string[] row in rows)
            output.WriteLine(string.Join(Gap, row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd());
    }

    /// <summary>What the appliance refused, with every fault.</summary>
    public void Fail(Problem problem, string? about)
    {
        error.WriteLine(Plain($"error ({problem.Code}): {(about is null ? "" : about + ": ")}{problem.Detail ?? problem.Title}"));
        foreach (Fault fault in problem.Errors ?? [])
            error.WriteLine(Plain($"  {fault.Field}{(fault.Value is null ? "" : $" '{fault.Value}'")}: {fault.Reason} {fault.Remedy}"));
        if (isJson)
            output.WriteLine(JsonSerializer.SerializeToNode(problem, ContractJson.Contract.Problem)!.ToJsonString(Indented));
    }

    /// <summary>What went wrong on this side, and what to do.</summary>
    public void Fail(LocalProblem problem, string what)
    {
        error.WriteLine(Plain($"error ({problem.Code}): {what}"));
        error.WriteLine($"  to do: {problem.Remedy}");
        if (isJson)
        {
            Problem details = new() { Type = $"urn:emailsync:problem:{problem.Code}", Code = problem.Code, Status = 0, Title = what, Detail = problem.Remedy };
            output.WriteLine(JsonSerializer.SerializeToNode(details, ContractJson.Contract.Problem)!.ToJsonString(Indented));
        }
    }

    private static string Cell(object? value)
    {
        string text = Plain(value switch
        {
            null => "-",
            DateTimeOffset moment => moment.ToUniversalTime().ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture),
            IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
            _ => value.ToString() ?? "",
        });
        return text.Length <= WidestCell ? text : text[..(WidestCell - 1)] + "…";
    }

    // Subjects and addresses are a stranger's words: no escape sequence of theirs reaches the terminal.
    private static string Plain(string text)
    {
        if (!text.Any(IsUnsafe))
            return text;
        StringBuilder plain = new();
        foreach (char c in text)
            plain.Append(IsUnsafe(c) ? string.Create(CultureInfo.InvariantCulture, $"\\u{(int)c:X4}") : c);
        return plain.ToString();
    }

    private static bool IsUnsafe(char c) =>
        char.GetUnicodeCategory(c) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
}
