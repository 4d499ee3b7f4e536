namespace EmailSync.Load.Server;

/// <summary>
/// Sessions that wait for one another, so that all are open at once. The first are let through: a client may open ever more sessions only as
/// earlier ones end well.
/// </summary>
/// <param name="size">How many gather; 0: nobody waits.</param>
internal sealed class Gathering(int size)
{
    private readonly TaskCompletionSource _complete = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _ended;
    private int _gathered;

    /// <summary>Waits until all are here.</summary>
    public Task JoinAsync()
    {
        if (size == 0 || Volatile.Read(ref _ended) < size)
            return Task.CompletedTask;
        if (Interlocked.Increment(ref _gathered) == size)
            _complete.TrySetResult();
        return _complete.Task;
    }

    /// <summary>A session has ended.</summary>
    public void Leave() => Interlocked.Increment(ref _ended);
}
