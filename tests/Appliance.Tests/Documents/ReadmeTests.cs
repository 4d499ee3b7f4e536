using System.Globalization;
using System.Reflection;

namespace EmailSync.Appliance.Tests.Documents;

/// <summary>What the readme says of the settings is so.</summary>
public sealed class ReadmeTests
{
    [Fact]
    public void Every_setting_in_the_table_exists_with_its_default()
    {
        string[] rows = [.. Repository.Lines("README.md")
            .SkipWhile(line => !line.StartsWith("| setting (`EmailSync__", StringComparison.Ordinal)).Skip(2)
            .TakeWhile(line => line.StartsWith('|'))];
        Assert.True(rows.Length > 5, "The table was not found.");
        foreach (string row in rows)
        {
            string[] cells = [.. row.Split('|')[1..^1].Select(cell => cell.Trim())];
            string[] names = [.. cells[0].Split('`').Where((_, index) => index % 2 == 1).Select(name => name.Split("__")[0])];
            string[] defaults = cells[2].Split(',', StringSplitOptions.TrimEntries);
            foreach ((string name, int index) in names.Select((name, index) => (name, index)))
            {
                PropertyInfo? property = typeof(ApplianceOptions).GetProperty(name);
                Assert.True(property is not null, $"There is no setting {name}.");
                string told = defaults[Math.Min(index, defaults.Length - 1)];
                object? value = property.GetValue(new ApplianceOptions());
                if (value is bool or int && (told is "true" or "false" || told.All(char.IsAsciiDigit)))
                    Assert.Equal(told, Convert.ToString(value, CultureInfo.InvariantCulture)!.ToLowerInvariant());
            }
        }
    }
}
