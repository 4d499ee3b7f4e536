namespace EmailSync.Appliance.Store.Sqlite;

/// <summary>Where the store keeps its files, and its bounds.</summary>
public sealed record StoreOptions
{
    /// <summary>The folder of everything: the database, the spool and the key ring. Created with mode 0700 where it does not exist.</summary>
    public required string DataFolder { get; init; }

    /// <summary>
    /// Octets up to which content lives in the database, atomic with its row; larger content is a spool file. Measured with 100 callers:
    /// the database takes 128 KiB three times as fast as a file each, 256 KiB 1.4 times, and files are ahead from 512 KiB on. Drafts
    /// hold their content in memory up to here, which is what speaks against more.
    /// </summary>
    public int InlineContentThreshold { get; init; } = 128 * 1024;

    /// <summary>Writes that share one flush of the disk, at most: what an I/O error takes down together.</summary>
    public int MaximumBatchWrites { get; init; } = 512;

    /// <summary>Octets of content that share one flush, at most.</summary>
    public long MaximumBatchOctets { get; init; } = 4 * 1024 * 1024;

    /// <summary>How long writes are gathered before they are flushed: no write waits longer for the writes behind it.</summary>
    public TimeSpan MaximumBatchTime { get; init; } = TimeSpan.FromMilliseconds(20);

    /// <summary>Octets that may wait for the writer; beyond it callers wait before they may queue.</summary>
    public int MaximumQueuedOctets { get; init; } = 32 * 1024 * 1024;

    /// <summary>Reads that run at the same time, at most.</summary>
    public int MaximumReaders { get; init; } = 4;

    /// <summary>4-KiB pages that the database may grow to; null means as far as the disk goes.</summary>
    public long? MaximumPages { get; init; }

    /// <summary>What new keys of the key ring are encrypted with; null means that their files' mode protects them, no more.</summary>
    public KeyProtection? KeyProtection { get; init; }
}

/// <summary>What the keys are encrypted with while they lie on the disk. Keys from before stay as they are until keys are rotated.</summary>
public sealed record KeyProtection
{
    /// <summary>A file whose content is the master key, 32 octets or more, such as a credential that systemd hands to the service.</summary>
    public string? MasterKeyFile { get; init; }

    /// <summary>A certificate with its RSA key: PFX without a password, or PEM with both.</summary>
    public string? CertificateFile { get; init; }
}
