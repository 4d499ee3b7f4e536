using EmailSync.Appliance.Api.Contracts;

namespace EmailSync.Appliance.Cli;

/// <summary>The appliance refused.</summary>
public sealed class ApplianceProblemException(Problem problem) : Exception(problem.Detail ?? problem.Title)
{
    /// <summary>What it said, with all faults of the request.</summary>
    public Problem Problem => problem;
}

/// <summary>No appliance answers at the control socket.</summary>
public sealed class NoApplianceException(string socketPath, Exception inner)
    : Exception($"No appliance answers at {socketPath}: {(File.Exists(socketPath) ? inner.GetBaseException().Message : "there is no such socket")}", inner);
