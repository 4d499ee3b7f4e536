using System.Text;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Tests.Documents;

namespace EmailSync.Appliance.Tests.Model;

/// <summary>The catalogue, and the document that is written from it.</summary>
public sealed class AlertCatalogTests
{
    [Fact]
    public void Codes_are_unique_and_every_alert_says_what_happened_and_what_to_do()
    {
        AlertEntry[] all = [.. AlertCatalog.All];
        Assert.Equal(all.Length, all.Select(entry => entry.Code).Distinct().Count());
        Assert.All(all, entry => Assert.Matches("^[a-z]+(-[a-z]+)*$", entry.Code));
        Assert.All(all, entry => Assert.True(entry.Title.EndsWith('.') && entry.Remedy.EndsWith('.'), entry.Code));
    }

    [Fact]
    public void Every_error_class_has_an_alert_of_its_own() =>
        Assert.Equal(Enum.GetValues<ErrorClass>().Length, Enum.GetValues<ErrorClass>().Select(failure => AlertCatalog.For(failure).Code).Distinct().Count());

    [Fact]
    public Task The_document_is_the_catalogue() => GoldenFile.CompareAsync("docs/alerts.md", Render());

    private static string Render()
    {
        StringBuilder text = new();
        text.Append("""
            # Alerts

            Every alert that the appliance raises, from `AlertCatalog.cs`; a test keeps this page current. An alert is about a message, a mailbox,
            a profile, a host or the appliance. At most one unresolved alert stands for a code and a subject: what happens again is counted.
            Warnings and errors are resolved by themselves once the same direction works again; information stands until it is dismissed or
            older than `alertRetentionDays`. `alertOnInformation`, `alertOnWarning` and `alertOnError` switch levels off.

            | code | level | about | what happened | what to do |
            |---|---|---|---|---|

            """);
        foreach (AlertEntry entry in AlertCatalog.All)
        {
            string scopes = string.Join(", ", entry.Scopes.Select(scope => scope.ToString().ToLowerInvariant()));
            text.Append($"| `{entry.Code}` | {entry.Level.ToString().ToLowerInvariant()} | {scopes} | {entry.Title} | {entry.Remedy} |\n");
        }

        return text.ToString().ReplaceLineEndings("\n");
    }
}
