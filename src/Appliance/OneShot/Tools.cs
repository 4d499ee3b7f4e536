using System.CommandLine;

namespace EmailSync.Appliance.OneShot;

/// <summary>The verbs that need no appliance.</summary>
public static class Tools
{
    /// <summary><c>fetch</c>, <c>send</c> and <c>probe</c>.</summary>
    public static IEnumerable<Command> Commands(ToolEnvironment environment) =>
        [FetchCommand.Create(environment), SendCommand.Create(environment), ProbeCommand.Create(environment)];
}
