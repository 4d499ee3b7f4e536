using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Store;

/// <summary>The disk or the database failed; what was being written is not stored, and can be tried again.</summary>
public sealed class StorageException(string message, Exception inner) : IOException(message, inner);

/// <summary>A value that must be unique is taken.</summary>
public sealed class DuplicateValueException(string fieldName, string value)
    : Exception($"There is already an entry whose {fieldName} is '{value}'.")
{
    /// <summary>The field, by its name in the API.</summary>
    public string FieldName => fieldName;
}

/// <summary>The entry was changed by somebody else since it was read.</summary>
public sealed class VersionConflictException(long expected, long actual)
    : Exception($"The entry was changed since it was read: version {expected} was expected, it is {actual} now. Read it again and repeat the change.")
{
    /// <summary>The version it has now.</summary>
    public long Actual => actual;
}

/// <summary>The entry is used by others and cannot be deleted.</summary>
public sealed class InUseException(string what, IReadOnlyList<string> users)
    : Exception($"{what} is used by {string.Join(", ", users.Take(10))}{(users.Count > 10 ? $" and {users.Count - 10} more" : "")}.")
{
    /// <summary>Who uses it.</summary>
    public IReadOnlyList<string> Users => users;
}

/// <summary>There is no such entry.</summary>
public sealed class NotStoredException(string what) : Exception($"There is no {what}.");

/// <summary>A lease is not held any more, so what was to be stored under it was not: another may be at work on the mailbox.</summary>
public sealed class LeaseLostException(Lease lease)
    : Exception($"The lease {lease.Token} of {lease.Mailbox}, {lease.Direction.ToString().ToLowerInvariant()}, is held no more; nothing was stored.")
{
    /// <summary>The lease.</summary>
    public Lease Lease => lease;
}

/// <summary>The same idempotency key came with another content.</summary>
public sealed class IdempotencyConflictException(string key, EmailId existing)
    : Exception($"The idempotency key '{key}' was used before with another content.")
{
    /// <summary>The email that the key stands for.</summary>
    public EmailId Existing => existing;
}

/// <summary>
/// The store cannot be opened: the data folder is in use, damaged, unreadable, or from a newer version. The message names it and says
/// what to do.
/// </summary>
public sealed class DataFolderException(string message, Exception? inner) : IOException(message, inner);
