using System.CommandLine;
using System.Text.Json.Nodes;
using EmailSync.Appliance.Api.Contracts;

namespace EmailSync.Appliance.Cli;

/// <summary>A verb while it runs: its command line, the appliance that it speaks to, and where it answers.</summary>
internal sealed class Verb(ParseResult parse, ControlClient appliance, Output output, CancellationToken cancellationToken)
{
    /// <summary>The command line.</summary>
    public ParseResult Parse => parse;

    /// <summary>The appliance.</summary>
    public ControlClient Appliance => appliance;

    /// <summary>The answers.</summary>
    public Output Output => output;

    /// <summary>Gives up.</summary>
    public CancellationToken Cancellation => cancellationToken;

    /// <summary>Does something to each of several things, and tells of each that was refused. Returns the exit code.</summary>
    public async Task<int> ForEachAsync(IEnumerable<string> things, Func<string, Task> act)
    {
        int exitCode = VerbRunner.Done;
        foreach (string thing in things)
        {
            try
            {
                await act(thing);
            }
            catch (ApplianceProblemException refused)
            {
                output.Fail(refused.Problem, thing);
                exitCode = VerbRunner.Failed;
            }
        }
        return exitCode;
    }

    /// <summary>Changes something whose version is read first, so that nobody's change in between is lost.</summary>
    public async Task<T> UpdateAsync<T>(string path, JsonObject patch, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type)
    {
        Answer<T> read = await appliance.GetAsync(path, type, cancellationToken);
        Answer<T> changed = await appliance.PatchAsync(path, patch, ContractJson.Contract.JsonObject, read.ETag ?? "*", type, cancellationToken);
        return changed.Value;
    }
}

/// <summary>Makes actions of verbs, with the options that all verbs have.</summary>
internal sealed class VerbRunner(ControlEnvironment environment)
{
    /// <summary>Done.</summary>
    public const int Done = 0;

    /// <summary>Failed.</summary>
    public const int Failed = 1;

    private readonly Option<string> _socket = new("--socket")
    {
        Description = "The appliance's control socket.",
        HelpName = "PATH",
        Recursive = true,
        DefaultValueFactory = _ => environment.SocketPath,
    };

    private readonly Option<string> _output = CreateOutput();

    /// <summary>The environment.</summary>
    public ControlEnvironment Environment => environment;

    /// <summary>Adds the options that all verbs have, to the command above the verbs.</summary>
    public void AddOptionsTo(Command command)
    {
        command.Add(_socket);
        command.Add(_output);
    }

    /// <summary>A verb that answers, and is done unless it throws.</summary>
    public Command Create(string name, string description, Func<Verb, Task> run, params IEnumerable<Symbol> symbols) =>
        Create(name, description, async verb =>
        {
            await run(verb);
            return Done;
        }, symbols);

    /// <summary>A verb that says itself what its exit code is.</summary>
    public Command Create(string name, string description, Func<Verb, Task<int>> run, params IEnumerable<Symbol> symbols)
    {
        Command command = new(name, description);
        foreach (Symbol symbol in symbols)
        {
            if (symbol is Argument argument)
                command.Add(argument);
            else if (symbol is Option option)
                command.Add(option);
        }
        Argument[] arguments = [.. command.Arguments];
        command.Validators.Add(result =>
        {
            // An argument that takes many takes misspelt options too.
            foreach (string option in arguments.SelectMany(argument => result.GetResult(argument)?.Tokens ?? []).Select(token => token.Value).Where(value => value.StartsWith("--", StringComparison.Ordinal)))
                result.AddError($"There is no option '{option}'.");
        });
        command.SetAction((parse, cancellationToken) => RunAsync(parse, run, cancellationToken));
        return command;
    }

    private async Task<int> RunAsync(ParseResult parse, Func<Verb, Task<int>> run, CancellationToken cancellationToken)
    {
        Output output = new(parse.InvocationConfiguration.Output, parse.InvocationConfiguration.Error, parse.GetValue(_output) == "json");
        using ControlClient appliance = new(parse.GetValue(_socket)!);
        try
        {
            return await run(new(parse, appliance, output, cancellationToken));
        }
        catch (ApplianceProblemException refused)
        {
            output.Fail(refused.Problem, about: null);
            return Failed;
        }
        catch (NoApplianceException absent)
        {
            output.Fail(LocalProblem.NoAppliance, absent.Message);
            return Failed;
        }
        catch (InvalidDataException wrong)
        {
            output.Fail(LocalProblem.Content, wrong.Message);
            return Failed;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or System.Net.Http.HttpRequestException)
        {
            output.Fail(LocalProblem.InputOutput, exception.Message);
            return Failed;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            output.Fail(LocalProblem.Interrupted, LocalProblem.Interrupted.Title);
            return Failed;
        }
    }

    private static Option<string> CreateOutput()
    {
        Option<string> option = new("--output") { Description = "How to answer.", Recursive = true, DefaultValueFactory = _ => "text" };
        ChoiceOption.Require(option, "text", "json");
        return option;
    }
}
