using System.Text.RegularExpressions;

namespace EmailSync.Packages.Tests;

/// <summary>The code in the readmes is the code that <see cref="Samples"/> runs.</summary>
public sealed partial class Readmes
{
    [Theory]
    [InlineData("Pop3", "Samples.Fetch")]
    [InlineData("Smtp", "Samples.Submit")]
    [InlineData("Wire", "Samples.Greeting")]
    public void The_code_is_the_sample(string library, string sample)
    {
        string code = Assert.Single(Code().Matches(Repository.Read($"src/Protocols.{library}/README.md"))).Groups["code"].Value;

        Assert.Equal(Repository.Read($"samples/{sample}/Program.cs"), code);
    }

    [GeneratedRegex("^```csharp\n(?<code>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Code();
}
