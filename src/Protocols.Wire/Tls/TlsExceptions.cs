namespace EmailSync.Protocols.Wire.Tls;

/// <summary>The TLS handshake failed before the peer's identity was judged: no TLS on that port, none from 1.2 on, or no suite in common.</summary>
public sealed class TlsException(string message, Exception? innerException = null) : IOException(message, innerException)
{
    /// <summary>
    /// The reason may be that a session was resumed, which some servers do not bear (<see cref="ResumptionMemory"/>). One more try over a new
    /// connection is worth its while at once: it will not resume.
    /// </summary>
    public bool IsResumptionSuspected { get; init; }
}

/// <summary>What is wrong with a certificate.</summary>
public enum CertificateFault
{
    /// <summary>Self-signed, or from an authority that is not trusted here, or not meant for servers (RFC 5280 section 6).</summary>
    Untrusted,

    /// <summary>Expired, or not yet valid.</summary>
    Expired,

    /// <summary>For another name (RFC 9525).</summary>
    Name,

    /// <summary>Revoked, or its revocation could not be checked where it must be (<see cref="RevocationCheck.Required"/>).</summary>
    Revoked,

    /// <summary>Signed over SHA-1 or MD5, or with a key too short, in the certificate or in an issuer (RFC 9325 sections 4.5 and 4.6).</summary>
    Weak,

    /// <summary>Good in itself, and none of the keys that were pinned (<see cref="TlsOptions.Pins"/>).</summary>
    Pin,
}

/// <summary>The peer did not prove its identity (RFC 9525). The handshake was ended; nothing of the session went to it.</summary>
public sealed class CertificateException(CertificateFault fault, string message, CertificateFacts? facts) : IOException(message)
{
    /// <summary>What is wrong; the gravest, where it is several things.</summary>
    public CertificateFault Fault => fault;

    /// <summary>What the certificate says, where one was presented. A stranger's words, made safe to show.</summary>
    public CertificateFacts? Facts => facts;
}
