namespace EmailSync.Protocols.Wire;

/// <summary>
/// One command or several, with all their replies, as one piece: while it lasts nobody else may use the connection. Disposed
/// without <see cref="Complete"/>, whatever the reason, it leaves replies unread, so the connection is given up.
/// </summary>
public readonly struct Exchange : IDisposable
{
    private readonly TextConnection _connection;
    private readonly CancellationTokenRegistration _cancellation;

    internal Exchange(TextConnection connection, CancellationTokenRegistration cancellation)
    {
        _connection = connection;
        _cancellation = cancellation;
    }

    /// <summary>All replies to all commands of this exchange have been read.</summary>
    public void Complete() => _connection.CompleteExchange();

    /// <summary>Ends the exchange.</summary>
    public void Dispose()
    {
        _cancellation.Unregister();
        _connection.EndExchange();
    }
}
