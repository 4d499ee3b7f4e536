using System.Text.RegularExpressions;

namespace EmailSync.Packages.Tests;

/// <summary>The code in the readmes is the code that <see cref="Samples"/> runs.</summary>
public sealed partial class Readmes
{
    [Theory]
    [InlineData("Pop3", "Samples.Fetch", "Samples.Sync")]
    [InlineData("Smtp", "Samples.Submit")]
    [InlineData("Wire", "Samples.Greeting")]
    public void The_code_is_the_samples(string library, params string[] samples) =>
        Assert.Equal(
            samples.Select(sample => Repository.Read($"samples/{sample}/Program.cs")),
            Code().Matches(Repository.Read($"src/Protocols.{library}/README.md")).Select(match => match.Groups["code"].Value));

    [Theory]
    [InlineData("Pop3")]
    [InlineData("Smtp")]
    public void What_stands_beside_another_librarys_names_is_there(string library)
    {
        string api = string.Concat(PackedLibraries.Names.Select(name => Repository.Read($"src/Protocols.{name}/PublicAPI.Unshipped.txt")));
        string[] named = [.. Repository.Read($"src/Protocols.{library}/README.md").Split('\n')
            .Where(line => line.StartsWith("| `", StringComparison.Ordinal)).Select(line => line.Split(" | ")[1])
            .SelectMany(cell => Name().Matches(cell)).Select(match => match.Groups["name"].Value).Where(name => name != "Stream")];

        Assert.NotEmpty(named);
        Assert.Empty(named.Where(name => !Regex.IsMatch(api, $@"[.]{Regex.Escape(name)}\b")));
    }

    [GeneratedRegex("`(?<name>[A-Za-z0-9.]+)`")]
    private static partial Regex Name();

    [GeneratedRegex("^```csharp\n(?<code>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Code();
}
