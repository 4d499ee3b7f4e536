namespace EmailSync.Appliance.Api.Contracts;

/// <summary>
/// The whole configuration: settings, profiles and mailboxes, which refer to profiles by name. Exported it has no secrets but says which are
/// set; applied it may have them.
/// </summary>
public sealed record ConfigurationContract
{
    /// <summary>The version of this format: 1, which is meant where none is given.</summary>
    public int? Format { get; init; }

    /// <summary>Null leaves the settings as they are.</summary>
    public SettingsContract? Settings { get; init; }

    /// <summary>Found again by their names.</summary>
    public IReadOnlyList<ProfileInput>? Profiles { get; init; }

    /// <summary>Found again by their addresses.</summary>
    public IReadOnlyList<MailboxInput>? Mailboxes { get; init; }

    /// <summary>Which secrets are set, such as <c>profiles/lab/incomingPassword</c>. Only in what is exported.</summary>
    public IReadOnlyList<string>? SetSecrets { get; init; }
}

/// <summary>Messages that another program has fetched before.</summary>
/// <param name="UniqueIds">The server's, at most 10,000 at once: 1 to 2,000 characters each, a character for an octet.</param>
public sealed record KnownUniqueIdsInput(IReadOnlyList<string> UniqueIds)
{
    /// <summary>Far more than any server gives.</summary>
    public const int MostCharacters = 2000;
}

/// <summary>What is done, or would be done, to one entry.</summary>
public enum PlannedAction
{
    /// <summary>It is made.</summary>
    Create,

    /// <summary>It is changed.</summary>
    Update,

    /// <summary>It is deleted, because the configuration does not have it.</summary>
    Delete,
}

/// <summary>One difference between the configuration and what is stored.</summary>
/// <param name="Action">What is done.</param>
/// <param name="Kind"><c>settings</c>, <c>profile</c> or <c>mailbox</c>.</param>
/// <param name="Name">Which.</param>
/// <param name="Fields">The fields that change; of secrets it is only told that they do.</param>
public sealed record PlannedChange(PlannedAction Action, string Kind, string Name, IReadOnlyList<string> Fields);

/// <summary>All differences, in the order in which they are mended.</summary>
/// <param name="IsApplied">They have been mended; otherwise this is what would be done.</param>
/// <param name="Changes">None where the configuration is in force already.</param>
public sealed record PlanContract(bool IsApplied, IReadOnlyList<PlannedChange> Changes);
