using EmailSync.Appliance.Egress;
using Spectre.Console;

namespace EmailSync.Appliance.OneShot;

/// <summary>What the tools take from the process that they run in.</summary>
public sealed record ToolEnvironment
{
    /// <summary>The door to the network.</summary>
    public required IDialer Dialer { get; init; }

    /// <summary>Which connections may leave.</summary>
    public required EgressPolicy Policy { get; init; }

    /// <summary>Where passwords come from.</summary>
    public required PasswordSource Passwords { get; init; }

    /// <summary>The clock.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Standard input, for a message to send.</summary>
    public Func<Stream> Input { get; init; } = Console.OpenStandardInput;

    /// <summary>A terminal that shows progress; null where nobody looks.</summary>
    public IAnsiConsole? Terminal { get; init; }

    /// <summary>The environment of this process.</summary>
    /// <param name="policy">Gov mode binds the tools too.</param>
    public static ToolEnvironment OfProcess(EgressPolicy policy)
    {
        // Progress goes to standard error, since standard output may be a program's input.
        IAnsiConsole? terminal = Console.IsErrorRedirected
            ? null
            : AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        bool canAsk = terminal is not null && !Console.IsInputRedirected;
        return new()
        {
            Dialer = new Dialer(TimeProvider.System),
            Policy = policy,
            Passwords = new(Environment.GetEnvironmentVariable, canAsk ? question => terminal!.Prompt(new TextPrompt<string>(Markup.Escape(question)).Secret()) : null),
            Terminal = terminal,
        };
    }
}
