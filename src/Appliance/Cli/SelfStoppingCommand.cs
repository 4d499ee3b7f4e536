using System.CommandLine;

namespace EmailSync.Appliance.Cli;

/// <summary>A command that sees to SIGTERM and SIGINT itself.</summary>
internal sealed class SelfStoppingCommand(string name, string description) : Command(name, description);
