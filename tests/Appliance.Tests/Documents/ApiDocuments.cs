using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using EmailSync.Appliance.Api;
using EmailSync.Appliance.Cli;
using EmailSync.Appliance.Tests.Api;

namespace EmailSync.Appliance.Tests.Documents;

/// <summary>The API's contract as it is published.</summary>
public sealed class ApiDocuments
{
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    [Fact]
    public async Task The_OpenAPI_document_is_the_one_in_the_repository()
    {
        await using ApiHost host = await ApiHost.StartAsync();
        await GoldenFile.CompareAsync("docs/openapi.json", (await host.GetAsync("/openapi/v1.json")).Json.ToJsonString(Readable) + "\n");
    }

    [Fact]
    public async Task Every_code_of_a_problem_is_documented()
    {
        StringBuilder text = new();
        text.Append(
            """
            # Errors

            The API refuses with problem details ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)): `application/problem+json` with `type`
            (`urn:emailsync:problem:` and the code), `title`, `status`, `code`, and where there is more to say `detail` and `errors`, which has `field`,
            `value`, `reason` and `remedy` for everything that is wrong, all at once. Codes are stable. The command line shows the same codes and ends
            with 1; wrong usage of the command line ends with 2.

            | code | status | what happened | what to do |
            |---|---|---|---|

            """.ReplaceLineEndings("\n"));
        foreach (ProblemKind kind in ProblemCatalog.All)
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $"| `{kind.Code}` | {kind.Status} | {kind.Title} | {kind.Remedy} |\n");
        text.Append(
            """

            The command line has these of its own, where no appliance answered:

            | code | what happened | what to do |
            |---|---|---|

            """.ReplaceLineEndings("\n"));
        foreach (LocalProblem problem in LocalProblem.All)
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $"| `{problem.Code}` | {problem.Title} | {problem.Remedy} |\n");
        await GoldenFile.CompareAsync("docs/errors.md", text.ToString());
    }

    [Fact]
    public void Codes_and_statuses_are_what_they_should_be()
    {
        Assert.Equal(ProblemCatalog.All.Count, ProblemCatalog.All.DistinctBy(kind => kind.Code).Count());
        Assert.All(ProblemCatalog.All, kind => Assert.InRange(kind.Status, 400, 599));
        int declared = typeof(ProblemCatalog).GetFields().Count(field => field.FieldType == typeof(ProblemKind));
        Assert.Equal(declared, ProblemCatalog.All.Count);
    }
}
