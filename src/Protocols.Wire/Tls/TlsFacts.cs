namespace EmailSync.Protocols.Wire.Tls;

/// <summary>What a finished TLS handshake came to.</summary>
public sealed record TlsFacts
{
    /// <summary><c>TLS 1.2</c> or <c>TLS 1.3</c>.</summary>
    public required string Protocol { get; init; }

    /// <summary>By its IANA name.</summary>
    public required string CipherSuite { get; init; }

    /// <summary>The peer's.</summary>
    public required CertificateFacts Certificate { get; init; }
}

/// <summary>What a peer's certificate says: control characters escaped, no text longer than a line.</summary>
public sealed record CertificateFacts
{
    /// <summary>The subject's distinguished name. It proves no host.</summary>
    public required string Subject { get; init; }

    /// <summary>The subject alternative names that can be a host's: DNS names and IP addresses.</summary>
    public required IReadOnlyList<string> Names { get; init; }

    /// <summary>The issuer's distinguished name.</summary>
    public required string Issuer { get; init; }

    /// <summary>Valid from.</summary>
    public required DateTimeOffset NotBefore { get; init; }

    /// <summary>Valid to.</summary>
    public required DateTimeOffset NotAfter { get; init; }

    /// <summary>Of the certificate: 64 hexadecimal digits.</summary>
    public required string Sha256 { get; init; }

    /// <summary>SHA-256 of its public key, in base64: what <see cref="TlsOptions.Pins"/> takes.</summary>
    public required string Pin { get; init; }

    /// <summary>How many certificates lead to the root, both ends included.</summary>
    public required int ChainLength { get; init; }
}
