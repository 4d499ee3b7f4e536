using System.Text.Json.Serialization;

namespace EmailSync.Appliance.Model;

/// <summary>How a mail connection is secured (RFC 8314).</summary>
public enum TlsMode
{
    /// <summary>TLS from the first octet: ports 995 and 465.</summary>
    Implicit,

    /// <summary>STLS or STARTTLS, required: a server that does not offer it is refused, never spoken to in clear.</summary>
    [JsonStringEnumMemberName("starttls")]
    StartTls,

    /// <summary>No encryption: on-premises and lab servers, only where the policy admits it.</summary>
    None,
}

/// <summary>TLS modes as people call them.</summary>
public static class TlsModeWords
{
    /// <summary><c>implicit TLS</c>, <c>STARTTLS</c> or <c>no TLS</c>.</summary>
    public static string InWords(this TlsMode mode) => mode switch
    {
        TlsMode.Implicit => "implicit TLS",
        TlsMode.StartTls => "STARTTLS",
        _ => "no TLS",
    };
}

/// <summary>What is spoken along a route.</summary>
public enum MailService
{
    /// <summary>Retrieval by POP3 (RFC 1939).</summary>
    Pop3,

    /// <summary>Submission by SMTP (RFC 6409, RFC 5321).</summary>
    Submission,
}

/// <summary>Host, port, and how it is secured.</summary>
/// <param name="Host">Where the server is.</param>
/// <param name="Port">1 to 65535.</param>
/// <param name="Security">How the connection is secured.</param>
public sealed record ServerLocation(HostName Host, int Port, TlsMode Security)
{
    /// <summary>The port that a service has by convention in this TLS mode: 995, 110, 465, 587, 25.</summary>
    public static int DefaultPort(MailService service, TlsMode security) => (service, security) switch
    {
        (MailService.Pop3, TlsMode.Implicit) => 995,
        (MailService.Pop3, _) => 110,
        (MailService.Submission, TlsMode.Implicit) => 465,
        (MailService.Submission, TlsMode.StartTls) => 587,
        _ => 25,
    };

    /// <summary>The TLS mode that "use SSL" means on a port, where the mode is not given: STARTTLS on 110, 25 and 587, implicit elsewhere.</summary>
    public static TlsMode DefaultSecurity(bool useSsl, int? port) => (useSsl, port) switch
    {
        (false, _) => TlsMode.None,
        (true, 110 or 25 or 587) => TlsMode.StartTls,
        _ => TlsMode.Implicit,
    };

    /// <inheritdoc />
    public override string ToString() => $"{Host}:{Port} ({Security.InWords()})";
}
