using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace EmailSync.Appliance.OneShot;

/// <summary>What a tool answers when it failed before it had anything else to say.</summary>
internal sealed record ToolFailure(ToolError Error);

/// <summary>The JSON of the tools.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, WriteIndented = true, UseStringEnumConverter = true)]
[JsonSerializable(typeof(FetchReport))]
[JsonSerializable(typeof(SendReport))]
[JsonSerializable(typeof(ProbeReport))]
[JsonSerializable(typeof(ToolFailure))]
internal sealed partial class ToolJson : JsonSerializerContext;

/// <summary>How a tool answers: text for people, JSON for programs, and an exit code for both: 0 done, 1 failed, 2 wrong usage.</summary>
internal sealed class ToolAnswer(ParseResult parse, bool isJson)
{
    /// <summary>Done.</summary>
    public const int Done = 0;

    /// <summary>Failed.</summary>
    public const int Failed = 1;

    /// <summary>Wrong usage.</summary>
    public const int WrongUsage = 2;

    private TextWriter Output => parse.InvocationConfiguration.Output;

    private TextWriter Error => parse.InvocationConfiguration.Error;

    /// <summary>A line for people.</summary>
    public void Say(string line)
    {
        if (!isJson)
            Output.WriteLine(line);
    }

    /// <summary>The whole answer for programs.</summary>
    public void Report<T>(T report, JsonTypeInfo<T> type)
    {
        if (isJson)
            Output.WriteLine(JsonSerializer.Serialize(report, type));
    }

    /// <summary>What happened, whose side, what to do; returns the exit code.</summary>
    public int Fail(Exception exception)
    {
        ToolError error = ToolError.Of(exception);
        Explain(error);
        Report(new ToolFailure(error), ToolJson.Default.ToolFailure);
        return ExitCodeOf(exception);
    }

    /// <summary>What happened, whose side, what to do, for people.</summary>
    public void Explain(ToolError error)
    {
        Error.WriteLine($"error ({error.Code}): {error.What}");
        Error.WriteLine($"  side:  {error.Side}");
        Error.WriteLine($"  to do: {error.Remedy}");
    }

    /// <summary>Runs a tool; what it throws becomes its answer.</summary>
    public async Task<int> RunAsync(Func<Task<int>> tool, CancellationToken cancellationToken)
    {
        try
        {
            return await tool();
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            Error.WriteLine("interrupted");
            return Failed;
        }
        catch (Exception exception)
        {
            return Fail(exception);
        }
    }

    /// <summary>The exit code of a failure.</summary>
    public static int ExitCodeOf(Exception exception) => exception is ToolException { IsUsage: true } ? WrongUsage : Failed;
}
