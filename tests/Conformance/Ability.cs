namespace EmailSync.Conformance;

/// <summary>What a test needs of a server beyond the least that every one of its kind does.</summary>
public enum Ability
{
    /// <summary>TLS, by upgrade and with the connection.</summary>
    Tls,

    /// <summary>It judges passwords.</summary>
    JudgesPasswords,

    /// <summary>LOGIN.</summary>
    Login,

    /// <summary>CRAM-MD5.</summary>
    CramMd5,

    /// <summary>SCRAM-SHA-1 and SCRAM-SHA-256.</summary>
    Scram,

    /// <summary>UTF8 of POP3 (RFC 6856).</summary>
    Utf8,

    /// <summary>VRFY, EXPN and HELP are answered, and be it by saying that they are not served.</summary>
    Queries,

    /// <summary>PIPELINING of SMTP.</summary>
    Pipelining,

    /// <summary>CHUNKING.</summary>
    Chunking,

    /// <summary>8BITMIME, and it keeps 8-bit octets.</summary>
    EightBitMime,

    /// <summary>SMTPUTF8.</summary>
    SmtpUtf8,

    /// <summary>DSN.</summary>
    Dsn,

    /// <summary>SIZE with a limit.</summary>
    SizeLimit,

    /// <summary>What arrived can be compared octet by octet.</summary>
    KeepsOctets,

    /// <summary>It refuses recipients that it does not have.</summary>
    KnowsItsRecipients,

    /// <summary>It refuses some reverse-paths for good (5yz), and not only for now.</summary>
    RefusesForGood,

    /// <summary>It refuses to relay for whom it does not know.</summary>
    RefusesRelay,

    /// <summary>Large content in reasonable time.</summary>
    LargeContent,
}
