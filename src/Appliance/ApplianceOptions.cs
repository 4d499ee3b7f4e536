using System.Globalization;
using System.Reflection;
using System.Text;
using EmailSync.Appliance.Egress;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Processing;
using EmailSync.Appliance.Scheduling;
using EmailSync.Appliance.Store.Sqlite;
using Microsoft.Extensions.Configuration;

namespace EmailSync.Appliance;

/// <summary>
/// Where the files are and which cloud this is: read once at start, from <c>appsettings.json</c>, the environment (<c>EmailSync__GovMode</c>)
/// and the command line, in the host's usual order, under <c>EmailSync</c>. Nothing here can change while the process runs.
/// </summary>
public sealed record ApplianceOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "EmailSync";

    /// <summary>Every outbound mail connection is implicit TLS on 465 and 995, and nothing weakens it.</summary>
    public bool GovMode { get; init; }

    /// <summary>Database, spool, keys and control socket. <c>/var/lib/emailsync</c> as a service, <c>./data</c> otherwise.</summary>
    public string DataFolder { get; init; } = DefaultDataFolder();

    /// <summary>The control socket; null means <c>control.sock</c> in the data folder.</summary>
    public string? ControlSocket { get; init; }

    /// <summary>A folder whose <c>.eml</c> files are sent, each as the mailbox in its From; null means that there is none.</summary>
    public string? DropFolder { get; init; }

    /// <summary>Where the HTTP API listens besides the control socket: a loopback port; null means nowhere.</summary>
    public int? HttpPort { get; init; } = 5380;

    /// <summary>Further ports for encrypted connections, such as those of an on-premises server.</summary>
    public IReadOnlyList<int> AdditionalPorts { get; init; } = [];

    /// <summary>Profiles without TLS are admitted; null means that they are, except in Gov mode, which never admits them.</summary>
    public bool? AllowNonSslEmail { get; init; }

    /// <summary>Passwords may be sent to mail servers in clear.</summary>
    public bool AllowBasicAuthenticationOnNonSecureChannel { get; init; }

    /// <summary>Passwords may be given to the API over plain HTTP on loopback, not only through the control socket.</summary>
    public bool AllowCredentialsEntryViaNonSecureChannels { get; init; }

    /// <summary>Outgoing profiles may use a relay that asks for no sign-in.</summary>
    public bool AllowAnonymousSmtp { get; init; }

    /// <summary>Servers on this machine and in private networks are admitted, also in Gov mode (which admits no further port for them).</summary>
    public bool AllowLoopbackAndPrivateServers { get; init; }

    /// <summary>
    /// In Gov mode, lists of revoked certificates are fetched over HTTP on port 80 too, where their authority has them; without it over HTTPS alone.
    /// </summary>
    public bool AllowHttpForRevocationLists { get; init; }

    /// <summary>Mail sessions of the whole appliance at once: 1 to 20,000.</summary>
    public int MaxConnections { get; init; } = 500;

    /// <summary>Mail sessions on one host at once, over all profiles: 1 to 20,000.</summary>
    public int MaxConnectionsPerHost { get; init; } = 100;

    /// <summary>How long a stop may take, in seconds, before the process ends all the same: 1 to 3,600.</summary>
    public int StopTimeoutSeconds { get; init; } = 30;

    /// <summary>The name said in EHLO (RFC 5321 4.1.4): this machine's where it has a qualified one, and otherwise an address literal.</summary>
    public string? EhloName { get; init; } = Environment.MachineName.Contains('.', StringComparison.Ordinal) ? Environment.MachineName : null;

    /// <summary>So often in a row a mailbox may fail for a passing reason before it is shown as failing: 1 to 1,000.</summary>
    public int MaxMailboxTransientFailures { get; init; } = new RetryRules().MaxMailboxTransientFailures;

    /// <summary>The pause after each of those failures, in seconds: 1 to 86,400.</summary>
    public int MailboxBackoffOnTransientError { get; init; } = new RetryRules().MailboxBackoffOnTransientError;

    /// <summary>After so many attempts an email is given up: 1 to 10,000; null means that its lifetime alone decides.</summary>
    public int? MaximumEmailDeliveryAttempts { get; init; }

    /// <summary>After so many hours an email is given up: 1 to 8,760.</summary>
    public int EmailDeliveryLifetimeHours { get; init; } = new RetryRules().EmailDeliveryLifetimeHours;

    /// <summary>The shortest pause between two attempts at an email, in seconds: 1 to 86,400.</summary>
    public int EmailDeliveryShortestBackoff { get; init; } = new RetryRules().EmailDeliveryShortestBackoff;

    /// <summary>The longest pause between two attempts at an email, in seconds: 1 to 86,400.</summary>
    public int EmailDeliveryLongestBackoff { get; init; } = new RetryRules().EmailDeliveryLongestBackoff;

    /// <summary>The largest message that is fetched because somebody asked for it, in MiB: 1 to 1,048,576.</summary>
    public int MaximumFetchInMebibytes { get; init; } = 1024;

    /// <summary>A mailbox whose polls bring nothing is polled ever more rarely, down to its interval times this: 1, which is off, to 12.</summary>
    public int MaxIdleFactor { get; init; } = new PollingRules().MaxIdleFactor;

    /// <summary>How mailboxes are polled where nothing fails.</summary>
    public PollingRules Polling => new() { MaxIdleFactor = MaxIdleFactor };

    /// <summary>How failures are tried again.</summary>
    public RetryRules Retries => new()
    {
        MaxMailboxTransientFailures = MaxMailboxTransientFailures,
        MailboxBackoffOnTransientError = MailboxBackoffOnTransientError,
        MaximumEmailDeliveryAttempts = MaximumEmailDeliveryAttempts,
        EmailDeliveryLifetimeHours = EmailDeliveryLifetimeHours,
        EmailDeliveryShortestBackoff = EmailDeliveryShortestBackoff,
        EmailDeliveryLongestBackoff = EmailDeliveryLongestBackoff,
    };

    /// <summary>
    /// A file whose content, 32 octets or more, encrypts the key ring; a bare name is that of a credential that systemd hands to the service
    /// (LoadCredential=). Null leaves the keys to their files' mode.
    /// </summary>
    public string? KeyRingMasterKey { get; init; }

    /// <summary>A certificate with its RSA key (PFX without a password, or PEM) that encrypts the key ring.</summary>
    public string? KeyRingCertificate { get; init; }

    /// <summary>The control socket's path.</summary>
    public string ControlSocketPath => ControlSocket ?? Path.Combine(DataFolder, "control.sock");

    /// <summary>What the scheduler may have open.</summary>
    public SchedulerOptions Scheduler => new() { MaxConnections = MaxConnections, MaxConnectionsPerHost = MaxConnectionsPerHost };

    /// <summary>What new keys of the key ring are encrypted with; null where their files' mode is all.</summary>
    public KeyProtection? KeyProtection => (KeyRingMasterKey, KeyRingCertificate) switch
    {
        (null, null) => null,
        ({ } name, _) when Path.GetFileName(name) == name && Environment.GetEnvironmentVariable("CREDENTIALS_DIRECTORY") is { Length: > 0 } credentials =>
            new() { MasterKeyFile = Path.Combine(credentials, name) },
        _ => new() { MasterKeyFile = KeyRingMasterKey, CertificateFile = KeyRingCertificate },
    };

    /// <summary>Which connections may leave.</summary>
    public EgressPolicy ChoosePolicy() => GovMode
        ? EgressPolicy.Government(AllowLoopbackAndPrivateServers, AllowHttpForRevocationLists)
        : EgressPolicy.Commercial(new()
        {
            AdditionalPorts = AdditionalPorts,
            AllowNonSslEmail = AllowNonSslEmail ?? true,
            AllowLoopbackAndPrivateServers = AllowLoopbackAndPrivateServers,
        });

    /// <summary>Which connections may leave where a tool is run at an operator's shell.</summary>
    public EgressPolicy ChoosePolicyForTools() => EgressPolicy.ForTools(GovMode, AllowHttpForRevocationLists);

    /// <summary>Reads the options.</summary>
    /// <exception cref="InvalidOperationException">A value is not of its kind, or out of bounds; the message names it.</exception>
    public static ApplianceOptions Read(IConfiguration configuration)
    {
        IConfigurationSection section = configuration.GetSection(Section);
        // A misspelt GovMode would otherwise be commercial mode.
        foreach (IConfigurationSection entry in section.GetChildren())
        {
            PropertyInfo? setting = Array.Find(Settable, property => string.Equals(property.Name, entry.Key, StringComparison.OrdinalIgnoreCase))
                ?? throw new InvalidOperationException($"{Section}:{entry.Key} is no setting; there are {string.Join(", ", Settable.Select(property => property.Name))}.");
            RequireKind(entry, setting.PropertyType);
        }

        ApplianceOptions options = section.Get<ApplianceOptions>() ?? new();
        RequireWithin(nameof(MaxConnections), options.MaxConnections, 1, 20_000);
        RequireWithin(nameof(MaxConnectionsPerHost), options.MaxConnectionsPerHost, 1, 20_000);
        RequireWithin(nameof(StopTimeoutSeconds), options.StopTimeoutSeconds, 1, 3600);
        RequireWithin(nameof(MaxIdleFactor), options.MaxIdleFactor, 1, 12);
        RequireWithin(nameof(MaximumFetchInMebibytes), options.MaximumFetchInMebibytes, 1, 1_048_576);
        RequireWithin(nameof(MaxMailboxTransientFailures), options.MaxMailboxTransientFailures, 1, 1000);
        RequireWithin(nameof(MailboxBackoffOnTransientError), options.MailboxBackoffOnTransientError, 1, 86_400);
        RequireWithin(nameof(MaximumEmailDeliveryAttempts), options.MaximumEmailDeliveryAttempts ?? 1, 1, 10_000);
        RequireWithin(nameof(EmailDeliveryLifetimeHours), options.EmailDeliveryLifetimeHours, 1, 8760);
        RequireWithin(nameof(EmailDeliveryShortestBackoff), options.EmailDeliveryShortestBackoff, 1, 86_400);
        RequireWithin(nameof(EmailDeliveryLongestBackoff), options.EmailDeliveryLongestBackoff, options.EmailDeliveryShortestBackoff, 86_400);
        foreach (int port in options.AdditionalPorts)
            RequireWithin(nameof(AdditionalPorts), port, 1, 65_535);
        if (string.IsNullOrWhiteSpace(options.DataFolder))
            throw new InvalidOperationException($"{Section}:{nameof(DataFolder)} is empty; give a folder, or leave it out.");
        if (options.DropFolder is { } drop && string.IsNullOrWhiteSpace(drop))
            throw new InvalidOperationException($"{Section}:{nameof(DropFolder)} is empty; give a folder, or leave it out.");
        if (options.HttpPort is { } http)
            RequireWithin(nameof(HttpPort), http, 0, 65_535);
        if (options is { KeyRingMasterKey: not null, KeyRingCertificate: not null })
            throw new InvalidOperationException($"{Section}:{nameof(KeyRingMasterKey)} and {nameof(KeyRingCertificate)} exclude one another; give one.");
        try
        {
            new SessionSettings { EhloName = options.EhloName }.ForSmtp();
        }
        catch (ArgumentException wrong)
        {
            throw new InvalidOperationException($"{Section}:{nameof(EhloName)} is '{options.EhloName}'. {wrong.Message}", wrong);
        }

        return options with
        {
            DataFolder = Path.GetFullPath(options.DataFolder),
            DropFolder = options.DropFolder is { } folder ? Path.GetFullPath(folder) : null,
        };
    }

    /// <summary>What is wrong with the configuration, in words; null where the exception is about something else.</summary>
    public static string? WhatIsWrong(Exception exception) => exception switch
    {
        InvalidOperationException => $"The configuration is wrong: {exception.Message}",
        InvalidDataException unreadable => $"The configuration is wrong: {unreadable.Message} {unreadable.GetBaseException().Message}",
        IOException or UnauthorizedAccessException => $"The configuration cannot be read: {exception.Message}",
        _ => null,
    };

    /// <summary>A socket's path is short on every system.</summary>
    /// <exception cref="InvalidOperationException">This one is too long.</exception>
    public void RequireUsableSocket()
    {
        const int Most = 103;
        if (Encoding.UTF8.GetByteCount(ControlSocketPath) is var octets and > Most)
            throw new InvalidOperationException($"the path of the control socket, {ControlSocketPath}, has {octets} octets, and a socket's may have {Most}; give a shorter one with {Section}:{nameof(ControlSocket)}.");
    }

    private static readonly PropertyInfo[] Settable =
        [.. typeof(ApplianceOptions).GetProperties().Where(property => property.CanWrite).OrderBy(property => property.Name, StringComparer.Ordinal)];

    private static void RequireKind(IConfigurationSection entry, Type type)
    {
        if (type.IsAssignableTo(typeof(IEnumerable<int>)))
        {
            if (entry.Value is { Length: > 0 } single)
                throw new InvalidOperationException($"{entry.Path} is a list, and '{single}' is none; give {entry.Path}:0, {entry.Path}:1 and so on.");
            foreach (IConfigurationSection item in entry.GetChildren())
                RequireKind(item, typeof(int));
            return;
        }

        Type? optional = Nullable.GetUnderlyingType(type);
        // What is empty is as if it were not there, where it need not be.
        if (entry.Value is not { } value || (optional is not null && value.Length == 0))
            return;
        Type kind = optional ?? type;
        // The original's deployment properties are 0 and 1.
        if (kind == typeof(bool) && value is "0" or "1")
            entry.Value = value == "1" ? "true" : "false";
        else if (kind == typeof(bool) && !bool.TryParse(value, out _))
            throw new InvalidOperationException($"{entry.Path} is '{value}'; give true or false.");
        else if (kind == typeof(int) && !int.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _))
            throw new InvalidOperationException($"{entry.Path} is '{value}'; give a whole number.");
    }

    private static void RequireWithin(string name, int value, int least, int most)
    {
        if (value < least || value > most)
            throw new InvalidOperationException($"{Section}:{name} is {value}; it must be from {least} to {most}.");
    }

    // systemd names the folder that it made for the unit (StateDirectory=); a service manager on Windows has no such word.
    private static string DefaultDataFolder() =>
        Environment.GetEnvironmentVariable("STATE_DIRECTORY") is { Length: > 0 } state ? state : "data";
}
