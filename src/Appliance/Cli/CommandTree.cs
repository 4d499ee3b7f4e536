using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace EmailSync.Appliance.Cli;

/// <summary>The verbs of the program, and how they are run: exit code 0 is done, 1 failed, 2 wrong usage.</summary>
public static class CommandTree
{
    private const string Help =
        """
        EmailSync retrieves and sends mail for applications.

        To see it: demo, lab. Without an appliance: fetch, send, probe. The appliance itself: run; and to speak to it: all the others.

        Examples:
          emailsync probe pop3 pop.example.com
          emailsync fetch pop3s://jane@pop.example.com --to maildir:Mail --state Mail.state
          emailsync mailbox list
        """;

    /// <summary>The tree of the given verbs.</summary>
    public static RootCommand Build(IEnumerable<Command> verbs)
    {
        RootCommand root = new(Help);
        foreach (Command verb in verbs)
            root.Add(verb);
        HelpOption help = root.Options.OfType<HelpOption>().Single();
        help.Action = new BriefHelp((HelpAction)help.Action!);
        return root;
    }

    /// <summary>Help that says one sentence of each verb below; the rest stands in the verb's own.</summary>
    private sealed class BriefHelp(HelpAction help) : SynchronousCommandLineAction
    {
        public override int Invoke(ParseResult parseResult)
        {
            foreach (Command verb in parseResult.CommandResult.Command.Subcommands)
            {
                string whole = verb.Description ?? "";
                int end = whole.IndexOf(". ", StringComparison.Ordinal) is var dot and >= 0 ? dot + 1 : whole.Length;
                int paragraph = whole.IndexOf("\n\n", StringComparison.Ordinal) is var blank and >= 0 ? blank : whole.Length;
                verb.Description = whole[..Math.Min(end, paragraph)].ReplaceLineEndings(" ");
            }

            return help.Invoke(parseResult);
        }
    }

    /// <summary>Runs a command line, and returns the process's exit code.</summary>
    /// <param name="root">The tree.</param>
    /// <param name="args">The command line.</param>
    /// <param name="output">For answers; standard output where null.</param>
    /// <param name="error">For errors; standard error where null.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<int> RunAsync(
        RootCommand root, IReadOnlyList<string> args, TextWriter? output, TextWriter? error, CancellationToken cancellationToken)
    {
        ParseResult parse = root.Parse(args);
        // Whoever is interrupted ends in good order.
        InvocationConfiguration configuration = new()
        {
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = parse.CommandResult.Command is SelfStoppingCommand ? null : TimeSpan.FromMinutes(1),
        };
        if (output is not null)
            configuration.Output = output;
        if (error is not null)
            configuration.Error = error;

        if (parse is { Errors.Count: > 0, Action: ParseErrorAction wrong })
        {
            wrong.ShowHelp = false;
            configuration.Output = configuration.Error;
            await parse.InvokeAsync(configuration, cancellationToken);
            await configuration.Error.WriteLineAsync($"See {PathOf(parse.CommandResult.Command)} --help.");
            return 2;
        }
        return await parse.InvokeAsync(configuration, cancellationToken);
    }

    private static string PathOf(Command command) =>
        command is RootCommand || command.Parents.FirstOrDefault() is not Command parent ? "emailsync" : $"{PathOf(parent)} {command.Name}";
}
