namespace EmailSync.Appliance.Egress;

/// <summary>The policy said no; no packet was sent.</summary>
public sealed class EgressDeniedException(string message) : IOException(message);

/// <summary>The name has no address, or no resolver answered.</summary>
public sealed class NameResolutionException(string message, bool isTransient, Exception? inner) : IOException(message, inner)
{
    /// <summary>No answer, rather than the answer that there is none.</summary>
    public bool IsTransient => isTransient;
}

/// <summary>No address took the connection.</summary>
public sealed class ConnectException(string message, Exception? inner) : IOException(message, inner);

/// <summary>The TLS handshake failed before the peer's identity was judged.</summary>
public sealed class TlsException(string message, Exception? inner) : IOException(message, inner);

/// <summary>What is wrong with a certificate.</summary>
public enum CertificateFault
{
    /// <summary>Self-signed, or from an authority that is not trusted here.</summary>
    Untrusted,

    /// <summary>Expired, or not yet valid.</summary>
    Expired,

    /// <summary>For another name.</summary>
    Name,

    /// <summary>Revoked, or its revocation could not be checked where it must be.</summary>
    Revoked,

    /// <summary>Signed with SHA-1 or MD5, or a key too short.</summary>
    Weak,
}

/// <summary>The peer did not prove its identity (RFC 9525).</summary>
public sealed class CertificateException(CertificateFault fault, string message, CertificateFacts? facts) : IOException(message)
{
    /// <summary>What is wrong.</summary>
    public CertificateFault Fault => fault;

    /// <summary>What the certificate says, where one was presented.</summary>
    public CertificateFacts? Facts => facts;
}
