using Microsoft.Extensions.Time.Testing;

namespace EmailSync.Protocols.Testing;

/// <summary>
/// A peer that follows a transcript for some lines and then says something else: once, and closes, or for ever. What it says before the client's next
/// line is a turn; a turn is said when the client has written, whatever it wrote.
/// </summary>
public sealed class StrayingStream : ClientStream
{
    private readonly List<byte[]> _turns;
    private readonly byte[] _rest;
    private readonly bool _isEndless;
    private readonly int _fragment;
    private readonly bool _drips;
    private byte[] _saying = [];
    private int _position;
    private int _allowed = 1;
    private int _turn;
    private bool _hasStrayed;
    private TaskCompletionSource? _awaited;

    /// <param name="script">The transcript; escapes and lines as in <see cref="Transcript"/>.</param>
    /// <param name="lines">So many lines of the server are said; see <see cref="LinesOf"/>.</param>
    /// <param name="rest">Said instead of all further ones.</param>
    /// <param name="isEndless">Again and again.</param>
    /// <param name="fragment">Octets at a time.</param>
    /// <param name="drips">Once it no longer follows, it says an octet in each step of <see cref="DripAsync(FakeTimeProvider, TimeSpan, Task, TimeSpan)"/>.</param>
    public StrayingStream(string script, int lines, byte[] rest, bool isEndless = false, int fragment = int.MaxValue, bool drips = false)
    {
        _turns = [.. Turns(script, lines)];
        (_rest, _isEndless, _fragment, _drips) = (rest, isEndless, drips ? 1 : fragment, drips);
    }

    /// <summary>Octets that were said in place of the transcript.</summary>
    public long Strayed { get; private set; }

    /// <summary>Drips, and lets time pass before each octet, until the client's work is done or takes longer than it may.</summary>
    public async Task DripAsync(FakeTimeProvider clock, TimeSpan each, Task work, TimeSpan most)
    {
        DateTimeOffset start = clock.GetUtcNow();
        while (!work.IsCompleted)
        {
            if (Volatile.Read(ref _awaited) is not null)
            {
                clock.Advance(each);
                if (clock.GetUtcNow() - start > most)
                    throw new TimeoutException($"The client still waits after {clock.GetUtcNow() - start}");
                Interlocked.Exchange(ref _awaited, null)?.TrySetResult();
            }
            await Task.Yield();
        }
    }

    /// <summary>How many lines of the server a transcript has.</summary>
    public static int LinesOf(string script) => ScriptStep.Parse(script).Count(step => step.Kind == ScriptStepKind.Server);

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (buffer.IsEmpty)
            return new(0);
        if (_position == _saying.Length)
            GoOn();
        return _hasStrayed && _drips ? DripAsync(buffer, cancellationToken) : new(Say(buffer));
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        _allowed++;
        return default;
    }

    private async ValueTask<int> DripAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        TaskCompletionSource awaited = new();
        await using CancellationTokenRegistration cancellation = cancellationToken.UnsafeRegister(
            static awaited => ((TaskCompletionSource)awaited!).TrySetCanceled(), awaited);
        Volatile.Write(ref _awaited, awaited);
        await awaited.Task;
        return Say(buffer);
    }

    private int Say(Memory<byte> buffer)
    {
        int count = Math.Min(Math.Min(buffer.Length, _fragment), _saying.Length - _position);
        _saying.AsMemory(_position, count).CopyTo(buffer);
        _position += count;
        if (_hasStrayed)
            Strayed += count;
        return count;
    }

    private void GoOn()
    {
        if (_turn < Math.Min(_allowed, _turns.Count))
        {
            (_saying, _position) = (_turns[_turn++], 0);
            return;
        }

        // A client that waits for more than the transcript has gets the rest too.
        (_saying, _position) = (_hasStrayed && !_isEndless ? [] : _rest, 0);
        _hasStrayed = true;
    }

    private static IEnumerable<byte[]> Turns(string script, int lines)
    {
        List<byte> turn = [];
        foreach (ScriptStep step in ScriptStep.Parse(script))
        {
            if (step.Kind == ScriptStepKind.Server)
            {
                if (lines-- == 0)
                    break;
                turn.AddRange(step.Octets);
            }
            else if (turn.Count > 0)
            {
                yield return [.. turn];
                turn.Clear();
            }
        }

        if (turn.Count > 0)
            yield return [.. turn];
    }
}
