using System.CommandLine;
using System.Globalization;
using EmailSync.Appliance.Cli;

namespace EmailSync.Appliance.Tests.Cli;

/// <summary>The whole command line as it is shipped: what help says can be typed.</summary>
public sealed class HelpTests
{
    private static readonly RootCommand Root = Program.BuildCommands(new ApplianceOptions { DataFolder = "/nonexistent" });

    [Fact]
    public void Every_verb_is_there() => Assert.Superset(
        new HashSet<string>(
            "run demo lab doctor probe fetch send backup restore rotate-keys export apply profile mailbox email alert settings status token audit import".Split(' ')),
        new HashSet<string>(Root.Subcommands.Select(command => command.Name)));

    [Fact]
    public void Every_verb_is_described_and_every_group_has_examples()
    {
        Assert.All(Leaves(Root), command => Assert.False(string.IsNullOrWhiteSpace(command.Description), command.Name));
        Assert.All(Root.Subcommands.Where(command => command.Name != "status"), command =>
            Assert.True(command.Description!.Contains("Examples:", StringComparison.Ordinal), command.Name));
    }

    [Fact]
    public void Every_example_is_right_usage()
    {
        string[] examples = [.. Root.Subcommands.Append(Root)
            .SelectMany(command => command.Description!.Split("Examples:", 2).ElementAtOrDefault(1)?.Split('\n') ?? [])
            .Select(line => line.Trim()).Where(line => line.StartsWith("emailsync ", StringComparison.Ordinal))];

        Assert.True(examples.Length > 30, $"{examples.Length} examples");
        Assert.All(examples, example =>
        {
            string words = example["emailsync ".Length..].Split(" > ")[0].Split(" < ")[0];
            ParseResult parse = Root.Parse(words);
            Assert.True(parse.Errors.Count == 0 || parse.CommandResult.Command.Name == "run", $"{example}: {string.Join(" ", parse.Errors)}");
        });
    }

    [Fact]
    public async Task Wrong_usage_is_2_and_names_the_help()
    {
        using StringWriter error = new(CultureInfo.InvariantCulture);
        Assert.Equal(2, await CommandTree.RunAsync(Root, ["mailbox", "frobnicate"], error, error, TestContext.Current.CancellationToken));
        Assert.Contains("emailsync mailbox --help", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_verb_that_speaks_to_an_appliance_answers_in_JSON() => Assert.All(
        "profile list;mailbox list;email list;alert list;settings show;status;token list;audit;export;rotate-keys;doctor".Split(';'),
        verb => Assert.Empty(Root.Parse(verb + " --output json").Errors));

    private static IEnumerable<Command> Leaves(Command command) =>
        command.Subcommands.Count == 0 ? [command] : command.Subcommands.SelectMany(Leaves);
}
