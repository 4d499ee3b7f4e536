using System.Globalization;
using System.Net;
using EmailSync.Appliance.Egress;
using EmailSync.Appliance.Model;
using EmailSync.Protocols.Wire.Tls;

namespace EmailSync.Appliance.Processing;

/// <summary>
/// Writes down the steps of a session while it is opened: each with its time and what was found, and the failure of the one that failed.
/// </summary>
/// <param name="service">Which direction the steps belong to.</param>
/// <param name="clock">Times the steps.</param>
/// <param name="report">Told of each step when it has ended.</param>
public sealed class StepRecorder(MailService service, TimeProvider clock, Action<TestStep> report) : IDialWatcher
{
    private string? _current;
    private long _startedAt;

    /// <summary>A step begins; its end is <see cref="Pass"/> or <see cref="Fail"/>.</summary>
    public void Begin(string name) => (_current, _startedAt) = (name, clock.GetTimestamp());

    /// <summary>The current step worked.</summary>
    public void Pass(string detail) => End(StepOutcome.Passed, detail, null);

    /// <summary>The current step worked, and something about it should be known.</summary>
    public void PassWith(AlertEntry warning, string detail) => End(StepOutcome.Passed, detail, null, warning.Remedy);

    /// <summary>The current step, or the one that a failure of this class belongs to where none is current, failed.</summary>
    public void Fail(Failure failure)
    {
        if (_current is null)
            Begin(StepNames.Of(failure.Class));
        End(StepOutcome.Failed, failure.Detail, failure.Class);
    }

    /// <summary>A step was not needed.</summary>
    public void Skip(string name, string why)
    {
        Begin(name);
        End(StepOutcome.Skipped, why, null);
    }

    void IDialWatcher.Resolved(IReadOnlyList<IPAddress> addresses)
    {
        Pass(string.Join(", ", addresses));
        Begin(StepNames.Tcp);
    }

    void IDialWatcher.Connected(IPEndPoint endPoint)
    {
        Pass(string.Create(CultureInfo.InvariantCulture, $"connected to {endPoint}"));
        Begin(StepNames.Tls);
    }

    void IDialWatcher.Secured(TlsFacts facts) => Pass(Describe(facts));

    private void End(StepOutcome outcome, string detail, ErrorClass? failure, string? advice = null)
    {
        if (_current is not { } name)
            return;
        _current = null;
        report(new(name, service, outcome, clock.GetElapsedTime(_startedAt), detail)
        {
            ErrorClass = failure,
            Advice = failure is { } known ? AlertCatalog.For(known).Remedy : advice,
        });
    }

    private static string Describe(TlsFacts facts) => string.Create(CultureInfo.InvariantCulture,
        $"{facts.Protocol}, {facts.CipherSuite}; certificate for {string.Join(", ", facts.Certificate.Names)} ({facts.Certificate.Subject}), issued by {facts.Certificate.Issuer}, chain of {facts.Certificate.ChainLength}, valid from {facts.Certificate.NotBefore:yyyy-MM-dd} to {facts.Certificate.NotAfter:yyyy-MM-dd}");
}

/// <summary>The names of steps: stable, since programs read them.</summary>
public static class StepNames
{
    /// <summary>The mailbox and its profile are ready.</summary>
    public const string Preconditions = "preconditions";

    /// <summary>The egress policy admits the connection.</summary>
    public const string Policy = "policy";

    /// <summary>The name has an address.</summary>
    public const string Dns = "dns";

    /// <summary>The server takes the connection.</summary>
    public const string Tcp = "tcp";

    /// <summary>TLS stands and the certificate is good.</summary>
    public const string Tls = "tls";

    /// <summary>The server greets.</summary>
    public const string Greeting = "greeting";

    /// <summary>The server says what it can.</summary>
    public const string Capabilities = "capabilities";

    /// <summary>The server lets us in.</summary>
    public const string Authentication = "authentication";

    /// <summary>The maildrop can be listed.</summary>
    public const string Maildrop = "maildrop";

    /// <summary>A test message was accepted.</summary>
    public const string TestMessage = "test-message";

    /// <summary>The test message came back.</summary>
    public const string RoundTrip = "round-trip";

    /// <summary>The step that a failure belongs to, by its class.</summary>
    public static string Of(ErrorClass failure) => failure switch
    {
        ErrorClass.Policy => Policy,
        ErrorClass.Dns => Dns,
        ErrorClass.Connect => Tcp,
        ErrorClass.Tls or ErrorClass.CertificateUntrusted or ErrorClass.CertificateExpired or ErrorClass.CertificateName
            or ErrorClass.CertificateRevoked or ErrorClass.CertificateWeak => Tls,
        ErrorClass.Authentication or ErrorClass.MailboxInUse => Authentication,
        ErrorClass.Configuration => Preconditions,
        _ => Greeting,
    };
}
