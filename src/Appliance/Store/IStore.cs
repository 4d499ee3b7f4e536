using EmailSync.Protocols.Wire;

namespace EmailSync.Appliance.Store;

/// <summary>
/// The appliance's memory, in small parts. Every write that has returned is durable: it survives a kill of the process and a loss of power.
/// </summary>
public interface IStore : IAsyncDisposable
{
    /// <summary>Email server profiles.</summary>
    IProfiles Profiles { get; }

    /// <summary>Mailboxes, and what the engine knows about them.</summary>
    IMailboxes Mailboxes { get; }

    /// <summary>Whose turn a mailbox is.</summary>
    ILeases Leases { get; }

    /// <summary>What was received.</summary>
    IIncomingEmails Incoming { get; }

    /// <summary>Unique-ids that servers list no longer.</summary>
    IGoneUniqueIds GoneUniqueIds { get; }

    /// <summary>Messages that are wanted although they are too large.</summary>
    IWantedMessages Wanted { get; }

    /// <summary>Messages that may be the reason why a maildrop cannot be emptied.</summary>
    ISuspects Suspects { get; }

    /// <summary>The outbox.</summary>
    IOutgoingEmails Outgoing { get; }

    /// <summary>Delivery status notifications, and what they speak of.</summary>
    IDeliveryReports Reports { get; }

    /// <summary>Both directions, for reading.</summary>
    IEmails Emails { get; }

    /// <summary>What an administrator should know.</summary>
    IAlerts Alerts { get; }

    /// <summary>Passwords, encrypted.</summary>
    ISecrets Secrets { get; }

    /// <summary>What is set once for the whole appliance.</summary>
    ISettings Settings { get; }

    /// <summary>API tokens, as hashes.</summary>
    ITokens Tokens { get; }

    /// <summary>What was changed, by whom.</summary>
    IAudit Audit { get; }

    /// <summary>What keeps it in good order.</summary>
    IUpkeep Upkeep { get; }

    /// <summary>Changes the configuration by several steps, one after another, in one transaction: all are stored, or nothing is.</summary>
    /// <param name="steps">Each does what the part that it belongs to does for it alone; every version is that from before the first step.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="VersionConflictException">One of what is changed was changed in between.</exception>
    /// <exception cref="NotStoredException">One of what is changed or named is not there.</exception>
    /// <exception cref="DuplicateValueException">A name or an address is taken.</exception>
    /// <exception cref="InUseException">Mailboxes use a profile that is to go.</exception>
    ValueTask ChangeConfigurationAsync(IReadOnlyList<ConfigurationStep> steps, CancellationToken cancellationToken);

    /// <summary>Whether the disk takes writes.</summary>
    StorageHealth Health { get; }

    /// <summary>Writes a little, durably, in each of the ways in which mail is written, to find out whether the disk takes it (again).</summary>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="StorageException">It does not.</exception>
    ValueTask ProbeAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Writes a backup of this moment as a tar archive, while everything goes on: the database, the spool, and last a manifest, without which
    /// the archive is not whole. Passwords are in it as ciphertexts only; the key ring is in it only under a passphrase.
    /// </summary>
    /// <param name="destination">Takes the archive; only written to.</param>
    /// <param name="passphrase">Encrypts the key ring; null leaves it out.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="StorageException">The disk failed.</exception>
    Task WriteBackupAsync(Stream destination, Secret? passphrase, CancellationToken cancellationToken);
}
