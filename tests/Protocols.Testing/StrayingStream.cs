namespace EmailSync.Protocols.Testing;

/// <summary>
/// A peer that follows a transcript for some turns and then says something else: once, and closes, or for ever. A turn is what a server says before
/// the client's next line; a turn is said when the client has written, whatever it wrote.
/// </summary>
public sealed class StrayingStream : ClientStream
{
    private readonly List<byte[]> _turns;
    private readonly byte[] _rest;
    private readonly bool _isEndless;
    private readonly int _fragment;
    private byte[] _saying = [];
    private int _position;
    private int _allowed = 1;
    private int _turn;
    private bool _hasStrayed;

    /// <param name="script">The transcript; escapes and lines as in <see cref="Transcript"/>.</param>
    /// <param name="turns">So many turns of it are said; see <see cref="TurnsOf"/>.</param>
    /// <param name="rest">Said instead of all further ones.</param>
    /// <param name="isEndless">Again and again.</param>
    /// <param name="fragment">Octets at a time.</param>
    public StrayingStream(string script, int turns, byte[] rest, bool isEndless = false, int fragment = int.MaxValue)
    {
        _turns = [.. Turns(script).Take(turns)];
        (_rest, _isEndless, _fragment) = (rest, isEndless, fragment);
    }

    /// <summary>Octets that were said in place of the transcript.</summary>
    public long Strayed { get; private set; }

    /// <summary>How many turns a transcript has.</summary>
    public static int TurnsOf(string script) => Turns(script).Count();

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (buffer.IsEmpty)
            return new(0);
        if (_position == _saying.Length)
            GoOn();
        int count = Math.Min(Math.Min(buffer.Length, _fragment), _saying.Length - _position);
        _saying.AsMemory(_position, count).CopyTo(buffer);
        _position += count;
        if (_hasStrayed)
            Strayed += count;
        return new(count);
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        _allowed++;
        return default;
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

    private static IEnumerable<byte[]> Turns(string script)
    {
        List<byte> turn = [];
        foreach (ScriptStep step in ScriptStep.Parse(script))
        {
            if (step.Kind == ScriptStepKind.Server)
            {
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
