using System.CommandLine;
using System.CommandLine.Parsing;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EmailSync.Appliance.Egress;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Processing;

namespace EmailSync.Appliance.OneShot;

/// <summary>The options that every tool has: how to connect, how to sign in, how to answer.</summary>
internal sealed class ServerOptions
{
    private static readonly TimeSpan CommandTimeout = TimeSpan.FromMinutes(2);

    private static readonly Dictionary<string, AuthenticationProtocol> Mechanisms = new(StringComparer.OrdinalIgnoreCase)
    {
        ["auto-detect"] = AuthenticationProtocol.AutoDetect,
        ["basic"] = AuthenticationProtocol.Basic,
        ["plain"] = AuthenticationProtocol.Plain,
        ["login"] = AuthenticationProtocol.Login,
        ["scram-sha-256"] = AuthenticationProtocol.ScramSha256,
        ["scram-sha-1"] = AuthenticationProtocol.ScramSha1,
        ["cram-md5"] = AuthenticationProtocol.CramMd5,
        ["apop"] = AuthenticationProtocol.Apop,
        ["oauth"] = AuthenticationProtocol.OAuth,
        ["negotiate"] = AuthenticationProtocol.Negotiate,
        ["ntlm"] = AuthenticationProtocol.Ntlm,
    };

    private static readonly Dictionary<string, TlsMode> TlsModes = new(StringComparer.OrdinalIgnoreCase)
    {
        ["implicit"] = TlsMode.Implicit,
        ["starttls"] = TlsMode.StartTls,
        ["none"] = TlsMode.None,
    };

    private readonly Option<string> _mechanism = OneOf("--auth", "How to sign in.", Mechanisms.Keys, "auto-detect");
    private readonly Option<string> _tls = OneOf("--tls", "How the connection is secured, where the address does not say it.", TlsModes.Keys, null);
    private readonly Option<bool> _allowCleartext = new("--allow-cleartext") { Description = "Let the password go over a connection that is not encrypted." };
    private readonly Option<FileInfo?> _authority = new("--ca") { Description = "Certificates in PEM, trusted as roots beside the system's.", HelpName = "FILE" };

    private readonly Option<string?> _passwordFile = new("--password-file")
    {
        Description = $"The file whose first line is the password; otherwise {PasswordSource.VariableName}, otherwise a question at the terminal.",
        HelpName = "FILE",
    };

    private readonly Option<string> _output = OneOf("--output", "How to answer.", ["text", "json"], "text");

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        foreach (Option option in new Option[] { _mechanism, _tls, _allowCleartext, _authority, _passwordFile, _output })
            command.Add(option);
    }

    /// <summary>Whether to answer in JSON.</summary>
    public bool IsJson(ParseResult parse) => parse.GetValue(_output) == "json";

    /// <summary>Where to connect, by address and options.</summary>
    public ServerLocation Locate(ParseResult parse, ServerUrl url) =>
        url.Locate(parse.GetValue(_tls) is { } mode ? TlsModes[mode] : null);

    /// <summary>Asks the policy for the way there.</summary>
    public Route Admit(ParseResult parse, EgressPolicy policy, ServerUrl url) =>
        Route.Admit(policy, url.Service, Locate(parse, url), new() { TrustedCertificates = ReadAuthority(parse.GetValue(_authority)) });

    /// <summary>The credentials of the address's user; null where it names none.</summary>
    public Credentials? FindCredentials(ParseResult parse, PasswordSource passwords, string? user) => user is null
        ? null
        : new(user, passwords.Find(user, parse.GetValue(_passwordFile)), Mechanisms[parse.GetValue(_mechanism)!]);

    /// <summary>Opens sessions as the options ask.</summary>
    public SessionOpener OpenerFor(ParseResult parse, ToolEnvironment environment) =>
        new(environment.Dialer, new() { Clock = environment.Clock, AllowCleartextPasswords = parse.GetValue(_allowCleartext) });

    /// <summary>How long a server may take for one command.</summary>
    public static TimeSpan Patience => CommandTimeout;

    /// <summary>An argument that is an address of a server.</summary>
    public static Argument<ServerUrl> UrlArgument(MailService service, string description) => new("URL")
    {
        Description = description,
        CustomParser = result => Read(result, text => ServerUrl.Parse(text) is { } url && url.Service == service
            ? url
            : throw new FormatException($"'{text}' is the address of a server of another kind.")),
    };

    /// <summary>Reads a value, and makes a misuse of what cannot be read.</summary>
    public static T? Read<T>(ArgumentResult result, Func<string, T> read)
        where T : class
    {
        try
        {
            return read(result.Tokens[0].Value);
        }
        catch (FormatException exception)
        {
            result.AddError(exception.Message);
            return null;
        }
    }

    private static Option<string> OneOf(string name, string description, IEnumerable<string> values, string? defaultValue)
    {
        Option<string> option = new(name) { Description = description };
        option.AcceptOnlyFromAmong([.. values]);
        if (defaultValue is not null)
            option.DefaultValueFactory = _ => defaultValue;
        return option;
    }

    private static string? ReadAuthority(FileInfo? file)
    {
        if (file is null)
            return null;
        try
        {
            string pem = File.ReadAllText(file.FullName);
            X509Certificate2Collection certificates = [];
            certificates.ImportFromPem(pem);
            return certificates.Count > 0
                ? pem
                : throw new ToolException($"'{file}' holds no certificate in PEM.", "Give a file with -----BEGIN CERTIFICATE----- in it.") { IsUsage = true };
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new ToolException($"The certificates cannot be read: {exception.Message}", "Give a readable file in PEM with --ca.") { IsUsage = true };
        }
    }
}
