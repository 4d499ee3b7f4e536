namespace EmailSync.Protocols.Testing;

/// <summary>
/// The other end of a conversation, played from a transcript over memory. What the client sends is compared with the C lines,
/// octet by octet; what the server says is delivered only when everything before it in the transcript has come.
/// </summary>
/// <remarks>
/// One step a line, blank lines ignored:
/// <list type="bullet">
/// <item><c>S: text</c> the server sends the text and CRLF; <c>S~ text</c> without CRLF</item>
/// <item><c>C: text</c> the client must send the text and CRLF; <c>C~ text</c> without CRLF</item>
/// <item><c>TLS</c> the client must call <see cref="UpgradeAsync"/> here</item>
/// <item><c>HANG</c> the server says nothing more; <c>RESET</c> the connection is reset</item>
/// </list>
/// In texts <c>\r \n \t \0 \\</c> and <c>\xHH</c> are octets. At the end of the transcript the server closes.
/// </remarks>
public sealed class ScriptedPeer : IDisposable
{
    private readonly Lock _gate = new();
    private readonly List<ScriptStep> _steps;
    private readonly List<byte> _fromClient = [];
    private readonly int _fragment;
    private TaskCompletionSource _changed = NewSource();
    private TaskCompletionSource _starved = NewSource();
    private int _step;
    private int _sentOfStep;
    private int _leftToSend;
    private ScriptMismatchException? _mismatch;
    private ScriptedStream _stream;

    /// <param name="script">The transcript.</param>
    /// <param name="fragment">The most octets that one read of the client gets; see <see cref="Fragmentation"/>.</param>
    /// <param name="isEncrypted">The stream says that it is encrypted from its first octet.</param>
    /// <param name="truncateAfter">The server closes after this many octets.</param>
    public ScriptedPeer(string script, int fragment = int.MaxValue, bool isEncrypted = false, int truncateAfter = int.MaxValue)
    {
        _steps = ScriptStep.Parse(script);
        _fragment = fragment;
        _leftToSend = truncateAfter;
        _stream = new(this, isEncrypted);
        Advance();
    }

    /// <summary>The client's end.</summary>
    public Stream Stream => _stream;

    /// <summary>All octets that the server has to say.</summary>
    public int ServerOctets => _steps.Where(step => step.Kind == ScriptStepKind.Server).Sum(step => step.Octets.Length);

    /// <summary>The whole transcript was played, and nothing besides.</summary>
    public bool IsDone
    {
        get
        {
            lock (_gate)
                return _mismatch is null && _fromClient.Count == 0 && _step >= _steps.Count;
        }
    }

    /// <summary>The client closed its end.</summary>
    public bool IsClosed { get; private set; }

    /// <summary>Completes when the client waits for something that the server will not say by itself.</summary>
    public Task Starved
    {
        get
        {
            lock (_gate)
                return _starved.Task;
        }
    }

    /// <summary>Throws unless <see cref="IsDone"/>, saying where the conversation stands.</summary>
    public void AssertDone()
    {
        lock (_gate)
        {
            if (_mismatch is not null)
                throw _mismatch;
            if (_fromClient.Count > 0)
                throw new ScriptMismatchException($"The client sent more than the transcript has: {ScriptStep.Show([.. _fromClient])}");
            if (_step < _steps.Count)
                throw new ScriptMismatchException($"The conversation stopped at step {_step + 1} of {_steps.Count}: {_steps[_step]}");
        }
    }

    /// <summary>The TLS handshake of the transcript.</summary>
    public ValueTask<Stream> UpgradeAsync(Stream cleartext, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
        {
            if (!ReferenceEquals(cleartext, _stream))
                throw Mismatch("The client upgraded another stream than the current one");
            if (_step >= _steps.Count || _steps[_step].Kind != ScriptStepKind.Tls)
                throw Mismatch("The client began TLS where the transcript does not");
            _step++;
            _stream = new(this, isEncrypted: true);
            Advance();
            return new(_stream);
        }
    }

    /// <summary>Closes both ends.</summary>
    public void Dispose() => _stream.Dispose();

    internal async ValueTask<int> ReadAsync(ScriptedStream stream, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                Check(stream);
                if (_leftToSend == 0 || _step == _steps.Count)
                    return 0;
                switch (_steps[_step].Kind)
                {
                    case ScriptStepKind.Server:
                        return Send(buffer.Span);
                    case ScriptStepKind.Reset:
                        _step++;
                        throw new IOException("Connection reset by peer");
                    default:
                        changed = _changed.Task;
                        _starved.TrySetResult();
                        break;
                }
            }
            await changed.WaitAsync(cancellationToken);
        }
    }

    internal void Write(ScriptedStream stream, ReadOnlySpan<byte> octets)
    {
        lock (_gate)
        {
            Check(stream);
            if (_step < _steps.Count && _steps[_step].Kind == ScriptStepKind.Reset)
                throw new IOException("Broken pipe");
            _fromClient.AddRange(octets);
            Advance();
        }
    }

    internal void Close(ScriptedStream stream)
    {
        lock (_gate)
        {
            if (!ReferenceEquals(stream, _stream))
                return;
            IsClosed = true;
            if (_step < _steps.Count && _steps[_step].Kind == ScriptStepKind.Hang)
                _step++;
            Change();
        }
    }

    private int Send(Span<byte> buffer)
    {
        int sent = 0;
        int most = Math.Min(Math.Min(buffer.Length, _fragment), _leftToSend);
        while (sent < most && _step < _steps.Count && _steps[_step].Kind == ScriptStepKind.Server)
        {
            ReadOnlySpan<byte> left = _steps[_step].Octets.AsSpan(_sentOfStep);
            ReadOnlySpan<byte> now = left[..Math.Min(left.Length, most - sent)];
            now.CopyTo(buffer[sent..]);
            sent += now.Length;
            _sentOfStep += now.Length;
            if (now.Length == left.Length)
            {
                _step++;
                _sentOfStep = 0;
            }
        }
        _leftToSend -= sent;
        Advance();
        return sent;
    }

    /// <summary>Compares what the client has sent with the steps that wait for it.</summary>
    private void Advance()
    {
        while (_step < _steps.Count && _steps[_step].Kind == ScriptStepKind.Client)
        {
            byte[] expected = _steps[_step].Octets;
            int common = Math.Min(expected.Length, _fromClient.Count);
            byte[] sent = [.. _fromClient.Take(common)];
            if (!sent.AsSpan().SequenceEqual(expected.AsSpan(0, common)))
                throw Mismatch($"Step {_step + 1} expects {ScriptStep.Show(expected)}, the client sent {ScriptStep.Show([.. _fromClient])}");
            if (common < expected.Length)
                break;
            _fromClient.RemoveRange(0, common);
            _step++;
        }
        Change();
    }

    private void Change()
    {
        TaskCompletionSource changed = _changed;
        _changed = NewSource();
        if (_starved.Task.IsCompleted)
            _starved = NewSource();
        changed.SetResult();
    }

    private void Check(ScriptedStream stream)
    {
        if (_mismatch is not null)
            throw _mismatch;
        ObjectDisposedException.ThrowIf(IsClosed, stream);
        if (!ReferenceEquals(stream, _stream))
            throw Mismatch("The client used the cleartext stream after TLS had begun");
    }

    private ScriptMismatchException Mismatch(string message) => _mismatch ??= new(message);

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
