namespace EmailSync.Appliance.Tests.Cli;

/// <summary>A slip on the command line is told for what it is, before anything is asked of the appliance.</summary>
public sealed class WrongUsageTests
{
    [Theory]
    [InlineData("mailbox apply-defaults --profile lab", "There is no option '--profile'.")]
    [InlineData("mailbox bulk-update a@example.com --leave-on-server-day 3", "There is no option '--leave-on-server-day'.")]
    [InlineData("mailbox delete --all", "There is no option '--all'.")]
    [InlineData("email ack --all", "There is no option '--all'.")]
    [InlineData("email ack eml_1 --acknowleged", "There is no option '--acknowleged'.")]
    [InlineData("token delete --name crm", "There is no option '--name'.")]
    [InlineData("profile update --descripton x", "There is no option '--descripton'.")]
    [InlineData("profile update lab", "Give at least one field to change.")]
    [InlineData("mailbox update a@example.com", "Give at least one field to change.")]
    [InlineData("mailbox bulk-update --all --dry-run", "Give at least one field to change.")]
    [InlineData("settings update", "Give at least one field to change.")]
    [InlineData("settings update --alert-on-error maybe", "--alert-on-error is true or false; 'maybe' is none of them.")]
    [InlineData("mailbox bulk-update --all --incoming-email teleport", "--incoming-email is none or server-side-synchronization; 'teleport' is none of them.")]
    [InlineData("token create crm --role boss", "--role is application or operator or admin; 'boss' is none of them.")]
    [InlineData("email list --acknowledged true", "--acknowledged is false; 'true' is none of them.")]
    [InlineData("mailbox list --output xml", "--output is text or json; 'xml' is none of them.")]
    public async Task It_is_told_for_what_it_is(string line, string told)
    {
        await using CliBench bench = await CliBench.StartAsync();

        CliRun run = await bench.RunAsync(line);

        Assert.Equal((2, ""), (run.ExitCode, run.Output));
        Assert.Contains(told, run.Error, StringComparison.Ordinal);
        Assert.Contains("--help.", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_empty_value_is_a_field_to_change()
    {
        await using CliBench bench = await CliBench.StartAsync();

        Assert.Equal(0, (await bench.RunAsync("settings", "update", "--email-retention-days", "")).ExitCode);
        Assert.Equal(0, (await bench.RunAsync("settings", "update", "--alert-on-error", "")).ExitCode);
    }
}
