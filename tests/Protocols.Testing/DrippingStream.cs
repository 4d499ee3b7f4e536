namespace EmailSync.Protocols.Testing;

/// <summary>
/// A peer that speaks when the test says so. <see cref="Say"/> returns once the client has taken the octets and waits again, all on the
/// test's own thread, so that a clock can be moved between two octets.
/// </summary>
public sealed class DrippingStream : ClientStream
{
    private readonly Queue<byte> _said = [];
    private TaskCompletionSource? _waiting;

    /// <summary>Gives the client these octets.</summary>
    public void Say(ReadOnlySpan<byte> octets)
    {
        foreach (byte octet in octets)
            _said.Enqueue(octet);
        TaskCompletionSource? waiting = _waiting;
        _waiting = null;
        // Continuations run here and now: that is the point.
        waiting?.SetResult();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (_said.Count == 0)
        {
            _waiting = new();
            await using CancellationTokenRegistration cancellation = cancellationToken.UnsafeRegister(
                static waiting => ((TaskCompletionSource)waiting!).TrySetCanceled(), _waiting);
            await _waiting.Task;
        }
        int count = Math.Min(buffer.Length, _said.Count);
        for (int i = 0; i < count; i++)
            buffer.Span[i] = _said.Dequeue();
        return count;
    }
}
