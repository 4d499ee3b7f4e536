using System.Globalization;
using EmailSync.Appliance.Cli;
using EmailSync.Appliance.Demo;
using EmailSync.Lab;

namespace EmailSync.Appliance.Tests.Demo;

public sealed class LabCommandTests
{
    [Theory]
    [InlineData("lab", "--mailboxes", "-1"), InlineData("lab", "--size", "-5"), InlineData("lab", "--latency", "-5"), InlineData("lab", "--pop3-port", "99999")]
    [InlineData("lab", "--messages", "x"), InlineData("demo", "--mailboxes", "x"), InlineData("demo", "--mailboxes", "1"), InlineData("demo", "--messages", "x")]
    public async Task A_number_that_is_none_or_out_of_bounds_is_wrong_usage(string verb, string option, string value)
    {
        (int exitCode, string error) = await RunAsync(verb, option, value);

        Assert.Equal(2, exitCode);
        Assert.Contains(option, error, StringComparison.Ordinal);
    }

    [Theory, InlineData("NotYetValid"), InlineData("1")]
    public async Task A_kind_of_certificate_is_one_of_those_that_the_help_names(string kind)
    {
        (int exitCode, string error) = await RunAsync("lab", "--certificate", kind);

        Assert.Equal(2, exitCode);
        Assert.Contains(" or not-yet-valid or ", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_that_is_taken_is_told()
    {
        await using LabServer other = await LabServer.StartAsync(cancellationToken: TestContext.Current.CancellationToken);
        string port = other.PortOf(LabService.Pop3s).ToString(CultureInfo.InvariantCulture);

        (int exitCode, string error) = await RunAsync("lab", "--pop3s-port", port);

        Assert.Equal(1, exitCode);
        Assert.StartsWith($"The lab cannot run: port {port} cannot be had for Pop3s: ", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_certificate_that_cannot_be_written_is_told()
    {
        string nowhere = Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString("N"), "ca.pem");

        (int exitCode, string error) = await RunAsync("lab", "--ca", nowhere);

        Assert.Equal(1, exitCode);
        Assert.Contains(nowhere, error, StringComparison.Ordinal);
    }

    private static async Task<(int ExitCode, string Error)> RunAsync(params string[] args)
    {
        using StringWriter output = new(CultureInfo.InvariantCulture);
        using StringWriter error = new(CultureInfo.InvariantCulture);
        int exitCode = await CommandTree.RunAsync(
            CommandTree.Build([LabCommand.Create(), DemoCommand.Create()]), args, output, error, TestContext.Current.CancellationToken);
        return (exitCode, error.ToString());
    }
}
