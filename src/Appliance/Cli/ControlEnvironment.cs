using Spectre.Console;

namespace EmailSync.Appliance.Cli;

/// <summary>What the verbs take from the process that they run in.</summary>
/// <param name="SocketPath">The appliance's control socket, where <c>--socket</c> names no other.</param>
/// <param name="Ask">Asks the person at the terminal for a secret; null where there is none.</param>
/// <param name="OpenInput">Standard input, for messages and secrets.</param>
/// <param name="OpenOutput">Standard output as octets, for raw messages.</param>
public sealed record ControlEnvironment(string SocketPath, Func<string, string>? Ask, Func<Stream> OpenInput, Func<Stream> OpenOutput)
{
    /// <summary>The terminal on standard error, for progress bars; null where there is none.</summary>
    public IAnsiConsole? Terminal { get; init; }

    /// <summary>The environment of this process.</summary>
    public static ControlEnvironment OfProcess(string socketPath)
    {
        // The question goes to standard error, since standard output may be a program's input.
        Func<string, string>? ask = Console.IsInputRedirected || Console.IsErrorRedirected
            ? null
            : question => AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) })
                .Prompt(new TextPrompt<string>(Markup.Escape(question)).Secret());
        return new(socketPath, ask, Console.OpenStandardInput, Console.OpenStandardOutput)
        {
            Terminal = Console.IsErrorRedirected ? null : AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) }),
        };
    }

    /// <summary>Reads a secret: the first line of a file; of <c>-</c> the terminal's answer, or standard input.</summary>
    /// <exception cref="IOException">There is none.</exception>
    public string ReadSecret(string file, string question)
    {
        if (file == "-" && Ask is { } ask)
            return ask(question);
        using StreamReader reader = new(file == "-" ? OpenInput() : File.OpenRead(file));
        return reader.ReadLine() is { Length: > 0 } line ? line : throw new IOException($"There is no secret in '{file}'.");
    }
}
