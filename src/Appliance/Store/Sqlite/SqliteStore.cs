using System.Diagnostics.Metrics;
using EmailSync.Protocols.Wire;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace EmailSync.Appliance.Store.Sqlite;

/// <summary>The store in one SQLite file, with a spool folder for large content and a key ring for passwords.</summary>
public sealed partial class SqliteStore : IStore
{
    /// <summary>The name of the meter that counts commits; its scope is the store.</summary>
    public const string MeterName = "EmailSync.Store";

    private readonly DataFolder _folder;
    private readonly Database _database;
    private readonly ConfigurationWriter _configuration;
    private readonly Spool _spool;
    private readonly Meter _meter;
    private readonly TimeProvider _clock;

    private SqliteStore(DataFolder folder, Connection writer, Spool spool, StoreOptions options, TimeProvider clock, bool followsACrash, long run)
    {
        (_folder, _spool, _clock) = (folder, spool, clock);
        _meter = new(new MeterOptions(MeterName) { Scope = this });
        Health = spool.Health;
        _database = new(folder.DatabaseFile, writer, options, clock, Health, _meter);
        SecretTable secrets = new(_database, new KeyRing(folder.KeyRingFolder), options.KeyProtection);
        Secrets = secrets;
        ProfileTable profiles = new(_database, secrets);
        Profiles = profiles;
        LeaseBook leases = new(_database, clock, run);
        Leases = leases;
        MailboxTable mailboxes = new(_database, leases, secrets);
        Mailboxes = mailboxes;
        _configuration = new(profiles, mailboxes);
        Incoming = new IncomingTable(_database, leases, spool, options, clock);
        GoneUniqueIds = new GoneUniqueIdTable(_database, leases, clock);
        Wanted = new WantedTable(_database, leases, spool, options, clock);
        Suspects = new SuspectTable(_database, followsACrash);
        Outgoing = new OutgoingTable(_database, leases, spool, options, clock);
        Reports = new DeliveryReportTable(_database);
        Emails = new EmailTable(_database, spool);
        Alerts = new AlertTable(_database, clock);
        Settings = new SettingsTable(_database);
        Tokens = new TokenTable(_database, clock);
        Audit = new AuditTable(_database, clock);
        Upkeep = new DatabaseUpkeep(_database, folder.DatabaseFile, Emails, clock);
    }

    /// <inheritdoc />
    public StorageHealth Health { get; }

    /// <inheritdoc />
    public IProfiles Profiles { get; }

    /// <inheritdoc />
    public IMailboxes Mailboxes { get; }

    /// <inheritdoc />
    public ILeases Leases { get; }

    /// <inheritdoc />
    public IIncomingEmails Incoming { get; }

    /// <inheritdoc />
    public IGoneUniqueIds GoneUniqueIds { get; }

    /// <inheritdoc />
    public IWantedMessages Wanted { get; }

    /// <inheritdoc />
    public ISuspects Suspects { get; }

    /// <inheritdoc />
    public IOutgoingEmails Outgoing { get; }

    /// <inheritdoc />
    public IDeliveryReports Reports { get; }

    /// <inheritdoc />
    public IEmails Emails { get; }

    /// <inheritdoc />
    public IAlerts Alerts { get; }

    /// <inheritdoc />
    public ISecrets Secrets { get; }

    /// <inheritdoc />
    public ISettings Settings { get; }

    /// <inheritdoc />
    public ITokens Tokens { get; }

    /// <inheritdoc />
    public IAudit Audit { get; }

    /// <inheritdoc />
    public IUpkeep Upkeep { get; }

    /// <summary>Opens the data folder: takes its lock, brings the schema up to date, and deletes what a crash left behind.</summary>
    /// <param name="options">Where, and how much.</param>
    /// <param name="clock">The clock of every moment that is stored.</param>
    /// <param name="logger">Told of what was cleaned up.</param>
    /// <param name="cancellationToken">Gives up before the folder is opened.</param>
    /// <exception cref="DataFolderException">The folder is in use, damaged, unreadable, or from a newer version.</exception>
    public static Task<SqliteStore> OpenAsync(
        StoreOptions options, TimeProvider clock, ILogger<SqliteStore>? logger = null, CancellationToken cancellationToken = default) =>
        // Once in a process's life, and as long as a migration or the sweep of a large spool takes.
        Task.Factory.StartNew(
            () => Open(options, clock, logger ?? NullLogger<SqliteStore>.Instance),
            cancellationToken,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);

    /// <inheritdoc />
    public async ValueTask ChangeConfigurationAsync(IReadOnlyList<ConfigurationStep> steps, CancellationToken cancellationToken) =>
        await _database.WriteAsync(connection => _configuration.Run(connection, steps), cancellationToken);

    /// <inheritdoc />
    public async ValueTask ProbeAsync(CancellationToken cancellationToken)
    {
        await _spool.ProbeAsync(cancellationToken);
        await _database.WriteAsync(static connection => connection.Prepare("UPDATE run SET is_open = is_open WHERE id = 1").Execute(), cancellationToken);
        Health.Recover();
    }

    /// <inheritdoc />
    public Task WriteBackupAsync(Stream destination, Secret? passphrase, CancellationToken cancellationToken) =>
        Backup.WriteAsync(_folder, destination, passphrase, _clock, cancellationToken);

    /// <summary>Finishes the writes that were begun, closes the file and gives the folder's lock back.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await _database.WriteAsync(connection => { SuspectTable.Close(connection); return true; }, CancellationToken.None);
        }
        catch (Exception failure) when (failure is StorageException or ObjectDisposedException)
        {
            // Closed already; or the disk is full, and then the next run takes more care than it needs to.
        }

        await _database.DisposeAsync();
        _spool.Dispose();
        _meter.Dispose();
        _folder.Dispose();
    }

    private static SqliteStore Open(StoreOptions options, TimeProvider clock, ILogger<SqliteStore> logger)
    {
        DataFolder folder = DataFolder.Open(options.DataFolder);
        Connection? writer = null;
        try
        {
            writer = Connection.OpenWriter(folder.DatabaseFile, options.MaximumPages);
            Migrations.Run(writer, folder.DatabaseFile);
            Spool spool = new(folder.SpoolFolder, clock);
            int swept = spool.Sweep(file => BodyTable.RefersTo(writer, file));
            if (swept > 0)
                LogSwept(logger, swept, folder.SpoolFolder);
            return new(folder, writer, spool, options, clock, SuspectTable.Open(writer), LeaseBook.NextRun(writer));
        }
        catch (Exception failure)
        {
            writer?.Dispose();
            folder.Dispose();
            if (StorageFailures.IsDamage(failure))
                throw new DataFolderException(
                    $"'{folder.DatabaseFile}' is damaged, or no database: {failure.Message} "
                    + "Restore it from a backup, together with the spool folder.",
                    failure);
            if (StorageFailures.IsOne(failure) && failure is not DataFolderException)
                throw new DataFolderException($"The data folder '{folder.Path}' cannot be used: {failure.Message}", failure);
            throw;
        }
    }

    [LoggerMessage(
        Level = LogLevel.Information, Message = "Deleted {Count} unfinished files of the spool {Folder}: an earlier run was cut off.")]
    private static partial void LogSwept(ILogger logger, int count, string folder);
}
