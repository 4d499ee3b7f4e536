using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Egress;

/// <summary>Which connections may leave: a table, chosen once at start. The only file where the clouds differ.</summary>
public sealed record EgressPolicy
{
    private readonly HashSet<(MailService Service, int Port, TlsMode Security)> _rows;

    private EgressPolicy(string name, IEnumerable<(MailService, int, TlsMode)> rows) => (Name, _rows) = (name, [.. rows]);

    /// <summary>Government: 995 and 465, implicit TLS, nothing else.</summary>
    public static EgressPolicy Government { get; } = new("government",
    [
        (MailService.Pop3, 995, TlsMode.Implicit),
        (MailService.Submission, 465, TlsMode.Implicit),
    ]);

    /// <summary>Commercial: the registered ports, encrypted.</summary>
    public static EgressPolicy Commercial { get; } = new("commercial",
    [
        (MailService.Pop3, 995, TlsMode.Implicit),
        (MailService.Pop3, 110, TlsMode.StartTls),
        (MailService.Submission, 465, TlsMode.Implicit),
        (MailService.Submission, 587, TlsMode.StartTls),
        (MailService.Submission, 25, TlsMode.StartTls),
    ]);

    /// <summary>What it is called in messages.</summary>
    public string Name { get; }

    /// <summary>Whether it admits this connection.</summary>
    public bool Permits(MailService service, ServerLocation location) => WhyNot(service, location) is null;

    /// <summary>Why it does not admit this connection, in words for an administrator; null where it does.</summary>
    public string? WhyNot(MailService service, ServerLocation location) =>
        _rows.Contains((service, location.Port, location.Security)) ? null
            : $"The {Name} egress policy does not admit {service} to {location}.";
}
