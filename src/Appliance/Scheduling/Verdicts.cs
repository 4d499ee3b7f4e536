using EmailSync.Appliance.Model;
using EmailSync.Appliance.Processing;

namespace EmailSync.Appliance.Scheduling;

/// <summary>What the outcome of a piece of work says about its server. Pure.</summary>
internal static class Verdicts
{
    /// <summary>The verdict.</summary>
    public static Verdict Of(Work work, WorkOutcome outcome) => (work, outcome.Failure) switch
    {
        (Work.Test, _) => Verdict.Nothing,
        _ when outcome.IsLeftAlone => Verdict.Nothing,
        // Work that was not ready asked no server.
        (_, null) => outcome.Next is null && work == Work.Receive ? Verdict.Nothing : Verdict.Answered,
        (_, { Scope: FailureScope.Route }) => Verdict.ProfileFailed,
        (_, { Scope: FailureScope.Server, Class: ErrorClass.Quota }) => Verdict.Throttled,
        (_, { Scope: FailureScope.Server, Class: ErrorClass.Dns or ErrorClass.Connect or ErrorClass.Timeout or ErrorClass.Server }) =>
            Verdict.ServerFailed,
        // Certificates, TLS modes and a missing capability: another profile may get on with the same server.
        (_, { Scope: FailureScope.Server }) => Verdict.ProfileFailed,
        (_, { Class: ErrorClass.Authentication or ErrorClass.MailboxInUse or ErrorClass.Server or ErrorClass.Quota }) => Verdict.Answered,
        _ => Verdict.Nothing,
    };
}
