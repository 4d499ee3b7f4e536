namespace EmailSync.Appliance.OneShot;

/// <summary>
/// Where fetched messages go. Messages are written one at a time and delivered several at a time: <see cref="PrepareAsync"/> makes them durable,
/// then the state file may name them, then <see cref="Publish"/> shows them. A kill between any two steps loses and repeats nothing.
/// </summary>
internal interface IDestination : IDisposable
{
    /// <summary>The full name, by which a state file knows its destination.</summary>
    string Name { get; }

    /// <summary>Makes ready for writing; finishes or drops what an earlier run left, by what the state knows of it.</summary>
    void Open(FetchState? state);

    /// <summary>Whether the message is there already; a destination that cannot tell says no.</summary>
    bool Holds(MessageKey key);

    /// <summary>Begins a message.</summary>
    void Begin();

    /// <summary>The next octets of the message.</summary>
    void Write(ReadOnlySpan<byte> octets);

    /// <summary>Drops the message.</summary>
    void Discard();

    /// <summary>The message is whole, and known by this key.</summary>
    void Complete(MessageKey key, long octets);

    /// <summary>Makes all whole messages durable. Returns the offset up to which an mbox is whole; null where that is not how it works.</summary>
    Task<long?> PrepareAsync(CancellationToken cancellationToken);

    /// <summary>Shows all prepared messages to readers.</summary>
    void Publish();
}

/// <summary>Names of destinations as they stand on a command line.</summary>
internal static class Destinations
{
    /// <summary>Reads <c>maildir:DIR</c>, <c>mbox:FILE</c> or <c>null:</c>.</summary>
    /// <param name="text">As typed.</param>
    /// <param name="account">Whose messages, by a name that no other account shares.</param>
    /// <param name="clock">For file names and From_ lines.</param>
    /// <exception cref="FormatException">It is none of them.</exception>
    public static IDestination Parse(string text, string account, TimeProvider clock) => text.Split(':', 2) switch
    {
        ["maildir", { Length: > 0 } folder] => new Maildir(folder, account, clock),
        ["mbox", { Length: > 0 } file] => new Mbox(file, clock),
        ["null", ""] => new NullDestination(),
        _ => throw new FormatException($"'{text}' is not a destination; write maildir:DIR, mbox:FILE or null:."),
    };
}

/// <summary>Nowhere: for measuring, and for looking.</summary>
internal sealed class NullDestination : IDestination
{
    public string Name => "null:";

    public void Open(FetchState? state)
    {
    }

    public bool Holds(MessageKey key) => false;

    public void Begin()
    {
    }

    public void Write(ReadOnlySpan<byte> octets)
    {
    }

    public void Discard()
    {
    }

    public void Complete(MessageKey key, long octets)
    {
    }

    public Task<long?> PrepareAsync(CancellationToken cancellationToken) => Task.FromResult<long?>(null);

    public void Publish()
    {
    }

    public void Dispose()
    {
    }
}
