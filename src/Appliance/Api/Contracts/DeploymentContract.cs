namespace EmailSync.Appliance.Api.Contracts;

/// <summary>What the deployment set, under the original's names; read only, since nothing that comes over the API may weaken it.</summary>
public sealed record DeploymentContract
{
    /// <summary>Every outbound mail connection is implicit TLS on 465 and 995.</summary>
    public bool GovMode { get; init; }

    /// <summary>Profiles without TLS are admitted.</summary>
    public bool AllowNonSslEmail { get; init; }

    /// <summary>Passwords may be given to the API over plain HTTP.</summary>
    public bool AllowCredentialsEntryViaNonSecureChannels { get; init; }

    /// <summary>Passwords may be sent to mail servers in clear.</summary>
    public bool AllowBasicAuthenticationOnNonSecureChannel { get; init; }

    /// <summary>Outgoing profiles may use a relay that asks for no sign-in.</summary>
    public bool AllowAnonymousSmtp { get; init; }

    /// <summary>Servers on this machine and in private networks are admitted.</summary>
    public bool AllowLoopbackAndPrivateServers { get; init; }

    /// <summary>In Gov mode, lists of revoked certificates are fetched over HTTP on port 80 too.</summary>
    public bool AllowHttpForRevocationLists { get; init; }

    /// <summary>Further ports for encrypted connections.</summary>
    public IReadOnlyList<int> AdditionalPorts { get; init; } = [];

    /// <summary>Mail sessions of the whole appliance at once.</summary>
    public int MaxConnections { get; init; }

    /// <summary>Mail sessions on one host at once.</summary>
    public int MaxConnectionsPerHost { get; init; }

    /// <summary>So often in a row a mailbox may fail for a passing reason before it is shown as failing.</summary>
    public int MaxMailboxTransientFailures { get; init; }

    /// <summary>The pause after each of those failures, in seconds.</summary>
    public int MailboxBackoffOnTransientError { get; init; }

    /// <summary>After so many attempts an email is given up; null means that its lifetime alone decides.</summary>
    public int? MaximumEmailDeliveryAttempts { get; init; }

    /// <summary>After so many hours an email is given up.</summary>
    public int EmailDeliveryLifetimeHours { get; init; }

    /// <summary>The shortest pause between two attempts at an email, in seconds.</summary>
    public int EmailDeliveryShortestBackoff { get; init; }

    /// <summary>The longest pause between two attempts at an email, in seconds.</summary>
    public int EmailDeliveryLongestBackoff { get; init; }
}
