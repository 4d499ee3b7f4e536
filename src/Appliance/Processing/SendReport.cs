using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Processing;

/// <summary>What a run over an outbox came to.</summary>
/// <param name="HadSession">A session could be had; otherwise nothing was due, or see the failure.</param>
/// <param name="Failure">Why none could be had, or none any more.</param>
public sealed record SendReport(bool HadSession, Failure? Failure);
