namespace EmailSync.Protocols.Smtp;

/// <summary>Transactions that overlap on one connection: each writes in its turn, and their replies are read in the same order (RFC 2920).</summary>
internal sealed class Turns
{
    private readonly Lock _gate = new();
    private Task _written = Task.CompletedTask;
    private Task _read = Task.CompletedTask;

    /// <summary>The next turn: behind all that were taken before.</summary>
    public Turn Take()
    {
        lock (_gate)
        {
            Turn turn = new(_written, _read);
            (_written, _read) = (turn.Written, turn.Read);
            return turn;
        }
    }
}

/// <summary>One transaction's turn.</summary>
/// <param name="mayWrite">Ends when all earlier ones are written.</param>
/// <param name="mayRead">Ends when all earlier ones have their replies.</param>
internal sealed class Turn(Task mayWrite, Task mayRead)
{
    // Their continuations run at once, on the thread that ends a turn: the next transaction finds its replies in the buffer, most of the time.
    private readonly TaskCompletionSource _written = new();
    private readonly TaskCompletionSource _read = new();

    /// <summary>Ends when all earlier ones are written. Never fails: whether they could be shows when it is tried.</summary>
    public Task MayWrite => mayWrite;

    /// <summary>Ends when all earlier ones have their replies, or have failed.</summary>
    public Task MayRead => mayRead;

    /// <summary>Ends when this one is written, too.</summary>
    public Task Written => _written.Task;

    /// <summary>Ends when this one has its replies, too.</summary>
    public Task Read => _read.Task;

    /// <summary>The next may write when this has gone out, or could not.</summary>
    public void PassOnWith(Task flight)
    {
        if (flight.IsCompleted)
            _written.TrySetResult();
        else
            _ = PassOnBehindAsync(flight);
    }

    /// <summary>The transaction has ended, whether its turn to write and to read had come or not; the order of the others stays.</summary>
    public void End()
    {
        if (mayWrite.IsCompleted && mayRead.IsCompleted)
        {
            EndNow();
        }
        else
        {
            _ = EndBehindAsync();
        }
    }

    // Whoever may write then finds at once that nothing is left to be read.
    private void EndNow()
    {
        _read.TrySetResult();
        _written.TrySetResult();
    }

    private async Task PassOnBehindAsync(Task flight)
    {
        // What became of it is the reader's to find out.
        await flight.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _written.TrySetResult();
    }

    private async Task EndBehindAsync()
    {
        await mayWrite;
        if (!mayRead.IsCompleted)
            _written.TrySetResult();
        await mayRead;
        EndNow();
    }
}
