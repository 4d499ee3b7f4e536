namespace EmailSync.Appliance.Egress;

/// <summary>What the operator of a deployment admits beyond the commercial table.</summary>
public sealed record EgressOptions
{
    /// <summary>Further ports for encrypted connections of either service, such as those of an on-premises server.</summary>
    public IReadOnlyCollection<int> AdditionalPorts { get; init; } = [];

    /// <summary>Connections without TLS, on 110, 25, 587 and <see cref="AdditionalPorts"/>.</summary>
    public bool AllowNonSslEmail { get; init; }

    /// <summary>Servers on this machine and in private networks; link-local addresses and cloud metadata services stay denied.</summary>
    public bool AllowLoopbackAndPrivateServers { get; init; }
}
