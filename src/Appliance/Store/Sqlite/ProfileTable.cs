using System.Text.Json;
using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Store.Sqlite;

/// <summary>The table of email server profiles.</summary>
internal sealed class ProfileTable(Database database, SecretTable secrets) : IProfiles
{
    private const string Columns = """
        id, version, name, description,
        incoming_host, incoming_port, incoming_security, incoming_credentials, incoming_user_name, incoming_authentication,
        outgoing_host, outgoing_port, outgoing_security, outgoing_credentials, outgoing_user_name, outgoing_authentication,
        use_same_settings_for_outgoing, process_emails_received_after, min_polling_interval, max_concurrent_connections,
        connection_timeout, command_timeout, send_email_alert, owner_email_address, state, trusted_certificates, when_uncertain, oauth
        """;

    private const string Insert = """
        INSERT INTO profile (
            version, name, name_key, description,
            incoming_host, incoming_port, incoming_security, incoming_credentials, incoming_user_name, incoming_authentication,
            outgoing_host, outgoing_port, outgoing_security, outgoing_credentials, outgoing_user_name, outgoing_authentication,
            use_same_settings_for_outgoing, process_emails_received_after, min_polling_interval, max_concurrent_connections,
            connection_timeout, command_timeout, send_email_alert, owner_email_address, state, trusted_certificates, when_uncertain, oauth)
        VALUES (
            $version, $name, $name_key, $description,
            $incoming_host, $incoming_port, $incoming_security, $incoming_credentials, $incoming_user_name, $incoming_authentication,
            $outgoing_host, $outgoing_port, $outgoing_security, $outgoing_credentials, $outgoing_user_name, $outgoing_authentication,
            $use_same_settings_for_outgoing, $process_emails_received_after, $min_polling_interval, $max_concurrent_connections,
            $connection_timeout, $command_timeout, $send_email_alert, $owner_email_address, $state, $trusted_certificates, $when_uncertain, $oauth)
        RETURNING id
        """;

    private const string Update = """
        UPDATE profile SET
            version = $version, name = $name, name_key = $name_key, description = $description,
            incoming_host = $incoming_host, incoming_port = $incoming_port, incoming_security = $incoming_security,
            incoming_credentials = $incoming_credentials, incoming_user_name = $incoming_user_name,
            incoming_authentication = $incoming_authentication,
            outgoing_host = $outgoing_host, outgoing_port = $outgoing_port, outgoing_security = $outgoing_security,
            outgoing_credentials = $outgoing_credentials, outgoing_user_name = $outgoing_user_name,
            outgoing_authentication = $outgoing_authentication,
            use_same_settings_for_outgoing = $use_same_settings_for_outgoing,
            process_emails_received_after = $process_emails_received_after, min_polling_interval = $min_polling_interval,
            max_concurrent_connections = $max_concurrent_connections, connection_timeout = $connection_timeout,
            command_timeout = $command_timeout, send_email_alert = $send_email_alert, owner_email_address = $owner_email_address,
            state = $state, trusted_certificates = $trusted_certificates, when_uncertain = $when_uncertain,
            oauth = $oauth
        WHERE id = $id
        """;

    public ValueTask<EmailServerProfile> CreateAsync(
        EmailServerProfile profile, CancellationToken cancellationToken, params IReadOnlyList<GivenSecret> secrets) =>
        database.WriteAsync(connection => Create(connection, profile, secrets), cancellationToken);

    public ValueTask<EmailServerProfile?> FindAsync(ProfileId id, CancellationToken cancellationToken) =>
        database.ReadAsync(connection => Find(connection, id), cancellationToken);

    public ValueTask<EmailServerProfile?> FindByNameAsync(string name, CancellationToken cancellationToken) =>
        database.ReadAsync(
            connection => Find(connection, name), cancellationToken);

    public async ValueTask<IReadOnlyList<EmailServerProfile>> ListAsync(CancellationToken cancellationToken) =>
        await database.ReadAsync(
            connection => connection.Prepare($"SELECT {Columns} FROM profile ORDER BY name_key").All(Read), cancellationToken);

    public ValueTask<EmailServerProfile> UpdateAsync(
        EmailServerProfile profile, CancellationToken cancellationToken, params IReadOnlyList<GivenSecret> secrets) =>
        database.WriteAsync(connection =>
        {
            RequireVersion(connection, profile);
            return Change(connection, profile, secrets);
        }, cancellationToken);

    public async ValueTask DeleteAsync(ProfileId id, CancellationToken cancellationToken) =>
        await database.WriteAsync(connection => Delete(connection, id), cancellationToken);

    /// <summary>Stores a new profile.</summary>
    public EmailServerProfile Create(Connection connection, EmailServerProfile profile, IReadOnlyList<GivenSecret> given)
    {
        RefuseTakenName(connection, profile);
        EmailServerProfile created = profile with { Version = 1 };
        created = created with { Id = new(Bind(connection.Prepare(Insert), created).First(row => row.Long())) };
        secrets.Set(connection, created.Id.ToString(), given);
        return created;
    }

    /// <summary>Replaces a profile, and takes away what its change takes away.</summary>
    public EmailServerProfile Change(Connection connection, EmailServerProfile profile, IReadOnlyList<GivenSecret> given)
    {
        EmailServerProfile stored = Find(connection, profile.Id) ?? throw new NotStoredException($"profile {profile.Id}");
        RefuseTakenName(connection, profile);
        EmailServerProfile changed = profile with { Version = stored.Version + 1 };
        Bind(connection.Prepare(Update), changed).With("$id", changed.Id.Value).Execute();
        foreach (SecretKind lost in Relocation.SecretsLost(stored, changed))
            SecretTable.Forget(connection, SecretName.Of(changed.Id, lost));
        if (Relocation.TakesMailboxes(stored, changed))
            MailboxTable.ReturnToPending(connection, changed.Id);
        secrets.Set(connection, changed.Id.ToString(), given);
        return changed;
    }

    /// <summary>Deletes a profile that no mailbox uses.</summary>
    public static int Delete(Connection connection, ProfileId id)
    {
        List<string> users = connection.Prepare("SELECT address FROM mailbox WHERE profile = $id ORDER BY id LIMIT 1000")
            .With("$id", id.Value).All(row => row.Text());
        if (users.Count > 0)
            throw new InUseException($"Profile {id}", users);
        if (connection.Prepare("DELETE FROM profile WHERE id = $id").With("$id", id.Value).Execute() == 0)
            throw new NotStoredException($"profile {id}");
        return SecretTable.ForgetAll(connection, id.ToString());
    }

    /// <summary>Refuses a change of a profile that was changed since it was read.</summary>
    public static void RequireVersion(Connection connection, EmailServerProfile profile)
    {
        long version = (Find(connection, profile.Id) ?? throw new NotStoredException($"profile {profile.Id}")).Version;
        if (version != profile.Version)
            throw new VersionConflictException(profile.Version, version);
    }

    /// <summary>Refuses what refers to a profile that is not there.</summary>
    public static void Require(Connection connection, ProfileId id)
    {
        if (!connection.Prepare("SELECT 1 FROM profile WHERE id = $id").With("$id", id.Value).Any())
            throw new NotStoredException($"profile {id}");
    }

    /// <summary>The profile, or null.</summary>
    public static EmailServerProfile? Find(Connection connection, ProfileId id) =>
        connection.Prepare($"SELECT {Columns} FROM profile WHERE id = $id").With("$id", id.Value).First(Read);

    /// <summary>The profile of a name, or null.</summary>
    public static EmailServerProfile? Find(Connection connection, string name) =>
        connection.Prepare($"SELECT {Columns} FROM profile WHERE name_key = $key").With("$key", Key(name)).First(Read);

    private static void RefuseTakenName(Connection connection, EmailServerProfile profile)
    {
        if (connection.Prepare("SELECT 1 FROM profile WHERE name_key = $key AND id <> $id")
            .With("$key", Key(profile.Name)).With("$id", profile.Id.Value).Any())
            throw new DuplicateValueException("name", profile.Name);
    }

    private static string Key(string name) => name.ToLowerInvariant();

    private static Statement Bind(Statement statement, EmailServerProfile profile)
    {
        BindSide(statement, "$incoming_", profile.Incoming);
        BindSide(statement, "$outgoing_", profile.Outgoing);
        return statement
            .With("$version", profile.Version)
            .With("$name", profile.Name)
            .With("$name_key", Key(profile.Name))
            .With("$description", profile.Description)
            .With("$use_same_settings_for_outgoing", profile.UseSameSettingsForOutgoing)
            .With("$process_emails_received_after", profile.ProcessEmailsReceivedAfter)
            .With("$min_polling_interval", profile.MinPollingInterval)
            .With("$max_concurrent_connections", profile.MaxConcurrentConnections)
            .With("$connection_timeout", profile.ConnectionTimeout)
            .With("$command_timeout", profile.CommandTimeout)
            .With("$send_email_alert", profile.SendEmailAlert)
            .With("$owner_email_address", profile.OwnerEmailAddress)
            .With("$state", (int)profile.State)
            .With("$trusted_certificates", profile.TrustedCertificates)
            .With("$when_uncertain", (int)profile.WhenUncertain)
            .With("$oauth", profile.OAuth is { } oauth ? JsonSerializer.Serialize(oauth, StoredJson.Default.OAuthClient) : null);
    }

    private static void BindSide(Statement statement, string side, ServerSide values) => statement
        .With(side + "host", values.Location?.Host.ToString())
        .With(side + "port", values.Location?.Port)
        .With(side + "security", (int?)values.Location?.Security)
        .With(side + "credentials", (int)values.CredentialRetrieval)
        .With(side + "user_name", values.UserName)
        .With(side + "authentication", (int)values.AuthenticationProtocol);

    private static EmailServerProfile Read(Row row) => new()
    {
        Id = new(row.Long()),
        Version = row.Long(),
        Name = row.Text(),
        Description = row.Text(),
        Incoming = ReadSide(row),
        Outgoing = ReadSide(row),
        UseSameSettingsForOutgoing = row.Bool(),
        ProcessEmailsReceivedAfter = row.OptionalMoment(),
        MinPollingInterval = row.Duration(),
        MaxConcurrentConnections = row.Int(),
        ConnectionTimeout = row.Duration(),
        CommandTimeout = row.Duration(),
        SendEmailAlert = row.Bool(),
        OwnerEmailAddress = row.OptionalText(),
        State = (ProfileState)row.Int(),
        TrustedCertificates = row.OptionalText(),
        WhenUncertain = (WhenUncertain)row.Int(),
        OAuth = row.OptionalText() is { } oauth ? JsonSerializer.Deserialize(oauth, StoredJson.Default.OAuthClient) : null,
    };

    private static ServerSide ReadSide(Row row)
    {
        (string? host, int? port, int? security) = (row.OptionalText(), row.OptionalInt(), row.OptionalInt());
        return new()
        {
            Location = host is null ? null : new(HostName.Parse(host), port!.Value, (TlsMode)security!.Value),
            CredentialRetrieval = (CredentialRetrieval)row.Int(),
            UserName = row.OptionalText(),
            AuthenticationProtocol = (AuthenticationProtocol)row.Int(),
        };
    }
}
