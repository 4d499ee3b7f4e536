namespace EmailSync.Lab;

/// <summary>What a listener of the lab speaks, and when its encryption begins.</summary>
public enum LabService
{
    /// <summary>POP3 in clear, with STLS (RFC 2595).</summary>
    Pop3,

    /// <summary>POP3 inside TLS from the first octet (RFC 8314).</summary>
    Pop3s,

    /// <summary>SMTP in clear, with STARTTLS (RFC 3207).</summary>
    Smtp,

    /// <summary>SMTP submission inside TLS from the first octet (RFC 8314).</summary>
    Smtps,
}
