using System.Collections.Frozen;
using System.Net;
using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Egress;

/// <summary>Which connections may leave: a table, chosen once at start. The only file where the clouds differ.</summary>
public sealed class EgressPolicy
{
    private static readonly (MailService Service, int Port, TlsMode Security)[] GovernmentPorts =
    [
        (MailService.Pop3, 995, TlsMode.Implicit),
        (MailService.Submission, 465, TlsMode.Implicit),
    ];

    private static readonly (MailService Service, int Port, TlsMode Security)[] RegisteredPorts =
    [
        (MailService.Pop3, 995, TlsMode.Implicit),
        (MailService.Pop3, 110, TlsMode.StartTls),
        (MailService.Submission, 465, TlsMode.Implicit),
        (MailService.Submission, 587, TlsMode.StartTls),
        (MailService.Submission, 25, TlsMode.StartTls),
    ];

    private static readonly (MailService Service, int Port, TlsMode Security)[] CleartextPorts =
    [
        (MailService.Pop3, 110, TlsMode.None),
        (MailService.Submission, 25, TlsMode.None),
        (MailService.Submission, 587, TlsMode.None),
    ];

    private readonly FrozenSet<(MailService Service, int Port, TlsMode Security)>? _rows; // null: every row
    private readonly bool _admitsLocalAddresses;
    private readonly bool _admitsHttpForRevocationLists;
    private readonly string _remedy;

    private EgressPolicy(
        string name, IEnumerable<(MailService, int, TlsMode)>? rows, bool isStrict, bool admitsLocalAddresses, string remedy, bool admitsHttpForRevocationLists = false) =>
        (Name, _rows, IsStrict, _admitsLocalAddresses, _remedy, _admitsHttpForRevocationLists) =
        (name, rows?.ToFrozenSet(), isStrict, admitsLocalAddresses, remedy, admitsHttpForRevocationLists);

    /// <summary>What it is called in messages.</summary>
    public string Name { get; }

    /// <summary>
    /// Only the listed TLS suites, revocation must be known, and no mechanism that rests on MD5. Where this is false, TLS is as strict as
    /// RFC 9325 asks, and revocation is not asked for.
    /// </summary>
    public bool IsStrict { get; }

    /// <summary>Government: 995 and 465, implicit TLS, nothing else.</summary>
    /// <param name="admitsLocalAddresses">
    /// Servers on this machine and in private networks are admitted too, on those ports and in that way: which network a deployment stands in
    /// does not weaken the rest.
    /// </param>
    /// <param name="admitsHttpForRevocationLists">
    /// Lists of revoked certificates may be fetched over HTTP on port 80 too. They are signed, and nothing is sent with the question.
    /// </param>
    public static EgressPolicy Government(bool admitsLocalAddresses = false, bool admitsHttpForRevocationLists = false) => new(
        "government", GovernmentPorts, isStrict: true, admitsLocalAddresses,
        "Gov mode is chosen at start; AllowLoopbackAndPrivateServers admits more addresses, and nothing admits more ports or less TLS.",
        admitsHttpForRevocationLists);

    /// <summary>Commercial: the registered ports, encrypted, and what the operator admits beyond them.</summary>
    public static EgressPolicy Commercial(EgressOptions? options = null)
    {
        options ??= new();
        IEnumerable<(MailService, int, TlsMode)> rows = RegisteredPorts;
        if (options.AllowNonSslEmail)
            rows = rows.Concat(CleartextPorts);
        TlsMode[] modes = options.AllowNonSslEmail ? [TlsMode.Implicit, TlsMode.StartTls, TlsMode.None] : [TlsMode.Implicit, TlsMode.StartTls];
        foreach (int port in options.AdditionalPorts)
            rows = rows.Concat(modes.SelectMany(mode => new[] { (MailService.Pop3, port, mode), (MailService.Submission, port, mode) }));

        return new(
            "commercial", rows, isStrict: false, options.AllowLoopbackAndPrivateServers,
            "The operator of this appliance admits more with AdditionalPorts, AllowNonSslEmail and AllowLoopbackAndPrivateServers.");
    }

    /// <summary>
    /// For the tools that run at an operator's shell, which reaches private servers anyway: any port, any TLS mode. Gov mode binds them all
    /// the same.
    /// </summary>
    public static EgressPolicy ForTools(bool govMode, bool admitsHttpForRevocationLists = false) => govMode
        ? Government(admitsLocalAddresses: true, admitsHttpForRevocationLists)
        : new("command line", rows: null, isStrict: false, admitsLocalAddresses: true, "Give the address of a mail server.");

    /// <summary>Whether it admits this connection.</summary>
    public bool Permits(MailService service, ServerLocation location) => WhyNot(service, location) is null;

    /// <summary>Why it does not admit this connection, in words for an administrator; null where it does.</summary>
    public string? WhyNot(MailService service, ServerLocation location)
    {
        if (_rows is not null && !_rows.Contains((service, location.Port, location.Security)))
            return $"{NameOf(service)} to {location} is not admitted by the {Name} egress policy, which admits {Describe(service)}. {_remedy}";
        return location.Host.Address is { } address ? WhyNot(address) : null;
    }

    /// <summary>
    /// Why it does not admit a call of this address over HTTPS, in words for an administrator; null where it does. Port 443, and in commercial
    /// mode <see cref="EgressOptions.AdditionalPorts"/> as well.
    /// </summary>
    public string? WhyNotHttps(Uri address)
    {
        if (address.Scheme != Uri.UriSchemeHttps)
            return $"Only HTTPS leaves this appliance; {address.Scheme} does not.";
        bool isRegistered = address.Port == 443 || (!IsStrict && _rows?.Contains((MailService.Submission, address.Port, TlsMode.Implicit)) == true && address.Port != 465);
        if (!isRegistered)
            return $"HTTPS to port {address.Port} is not admitted by the {Name} egress policy. {_remedy}";
        return WhyNotHost(address);
    }

    /// <summary>
    /// Why it does not admit fetching a list of revoked certificates from here, in words for an administrator; null where it does: as any other
    /// call over HTTPS, and where the operator admits it over HTTP on port 80.
    /// </summary>
    public string? WhyNotRevocationList(Uri address)
    {
        if (address.Scheme != Uri.UriSchemeHttp)
            return WhyNotHttps(address);
        if (address.Port != 80)
            return $"HTTP to port {address.Port} is not admitted by the {Name} egress policy, not even for a revocation list.";
        return _admitsHttpForRevocationLists
            ? WhyNotHost(address)
            : $"HTTP is not admitted by the {Name} egress policy. The operator of this appliance admits it with AllowHttpForRevocationLists, on port 80 and for revocation lists alone.";
    }

    private string? WhyNotHost(Uri address)
    {
        if (address.UserInfo.Length > 0 || address.Fragment.Length > 0)
            return "A user or a fragment has no place in it.";
        if (!HostName.TryParse(address.Host, out HostName? host, out string? reason))
            return reason;
        return host.Address is { } literal ? WhyNot(literal) : null;
    }

    /// <summary>Why it does not admit this address, in words for an administrator; null where it does. Disguised IPv4 addresses are seen through.</summary>
    public string? WhyNot(IPAddress address)
    {
        AddressKind kind = AddressRules.Classify(address);
        // A public address of this machine's own leads to what listens on this machine.
        if (kind == AddressKind.Public && !_admitsLocalAddresses && OwnAddresses.Contain(address))
            kind = AddressKind.Local;
        bool admitted = kind == AddressKind.Public || (kind == AddressKind.Local && _admitsLocalAddresses);
        return admitted ? null : $"The address {address} is {AddressRules.Describe(kind)}, which the {Name} egress policy does not admit. {_remedy}";
    }

    private static string NameOf(MailService service) => service == MailService.Pop3 ? "POP3" : "SMTP";

    private string Describe(MailService service) => string.Join(", ", _rows!
        .Where(row => row.Service == service)
        .OrderBy(row => row.Security).ThenBy(row => row.Port)
        .GroupBy(row => row.Security, (security, rows) => $"{security.InWords()} on {string.Join(", ", rows.Select(row => row.Port))}"));
}
