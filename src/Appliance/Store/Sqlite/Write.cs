using System.Threading.RateLimiting;

namespace EmailSync.Appliance.Store.Sqlite;

/// <summary>One caller's write on its way through the writer.</summary>
internal abstract class Write(RateLimitLease room, long octets, CancellationToken cancellationToken)
{
    public long Octets => octets;

    /// <summary>The caller gave up before the write began.</summary>
    public bool IsCanceled => cancellationToken.IsCancellationRequested;

    protected CancellationToken CancellationToken => cancellationToken;

    /// <summary>
    /// Runs the statements, inside the transaction of the batch. Where another write of the batch fails they are undone and run again, so they
    /// change nothing outside the database that a second run would not set anew.
    /// </summary>
    public abstract void Run(Connection connection);

    /// <summary>The batch is durable.</summary>
    public void Succeed()
    {
        room.Dispose();
        Complete();
    }

    /// <summary>Nothing of this write is stored.</summary>
    public void Fail(Exception reason)
    {
        room.Dispose();
        Complete(reason);
    }

    /// <summary>Nothing of this write was begun.</summary>
    public void Cancel() => Fail(new OperationCanceledException(CancellationToken));

    protected abstract void Complete();

    protected abstract void Complete(Exception reason);
}

/// <summary>A write that answers something.</summary>
internal sealed class Write<T>(Func<Connection, T> statements, RateLimitLease room, long octets, CancellationToken cancellationToken)
    : Write(room, octets, cancellationToken)
{
    // The writer must never run its callers' continuations.
    private readonly TaskCompletionSource<T> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private T? _result;

    public Task<T> Completion => _completion.Task;

    public override void Run(Connection connection) => _result = statements(connection);

    protected override void Complete() => _completion.SetResult(_result!);

    protected override void Complete(Exception reason)
    {
        if (reason is OperationCanceledException canceled)
            _completion.SetCanceled(canceled.CancellationToken);
        else
            _completion.SetException(reason);
    }
}
