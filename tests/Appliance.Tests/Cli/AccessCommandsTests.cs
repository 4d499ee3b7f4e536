namespace EmailSync.Appliance.Tests.Cli;

/// <summary><c>emailsync token</c> and <c>emailsync audit</c>.</summary>
public sealed class AccessCommandsTests
{
    [Fact]
    public async Task A_token_is_made_listed_and_deleted_and_the_log_tells_of_it()
    {
        await using CliBench bench = await CliBench.StartAsync();
        CliRun created = await bench.RunAsync("token create crm --role application --output json");
        string token = created.Json.GetProperty("token").GetString()!;
        CliRun listed = await bench.RunAsync("token list");
        CliRun deleted = await bench.RunAsync("token delete crm");
        CliRun again = await bench.RunAsync("token delete crm");
        CliRun log = await bench.RunAsync("audit");

        Assert.Matches(@"tok_2 +crm +application", listed.Output);
        Assert.DoesNotContain(token[^64..], listed.Output + log.Output, StringComparison.Ordinal);
        Assert.Equal((0, "crm: deleted\n"), (deleted.ExitCode, deleted.Output));
        Assert.Equal(1, again.ExitCode);
        Assert.Matches(@"control socket +DELETE /api/v1/tokens/\{token\} +/api/v1/tokens/crm +404", log.Output);
        Assert.Matches(@"control socket +POST /api/v1/tokens/ +/api/v1/tokens/tok_2 +201", log.Output);
    }

    [Fact]
    public async Task A_role_that_there_is_not_is_wrong_usage()
    {
        await using CliBench bench = await CliBench.StartAsync();
        Assert.Equal(2, (await bench.RunAsync("token create crm --role root")).ExitCode);
        Assert.Equal(2, (await bench.RunAsync("token create crm")).ExitCode);
    }
}
