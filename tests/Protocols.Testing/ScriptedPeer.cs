using System.Runtime.InteropServices;

namespace EmailSync.Protocols.Testing;

/// <summary>
/// The other end of a conversation, played from a transcript over memory. What the client sends is compared with the C lines,
/// octet by octet; what the server says is delivered only when everything before it in the transcript has come.
/// </summary>
/// <remarks>
/// One step a line, blank lines ignored:
/// <list type="bullet">
/// <item><c>S: text</c> the server sends the text and CRLF; <c>S~ text</c> without CRLF; <c>S? text</c> as S:, and the client can do without it</item>
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
    private readonly Delivery _delivery;
    private TaskCompletionSource _changed = NewSource();
    private TaskCompletionSource _starved = NewSource();
    private int _step;
    private int _sentOfStep;
    private int _sent;
    private int _compared;
    private ScriptMismatchException? _mismatch;
    private ScriptedStream _stream;

    /// <param name="script">The transcript.</param>
    /// <param name="delivery">How its octets reach the client.</param>
    /// <param name="isEncrypted">The stream says that it is encrypted from its first octet.</param>
    internal ScriptedPeer(string script, Delivery? delivery = null, bool isEncrypted = false)
    {
        _steps = ScriptStep.Parse(script);
        _delivery = delivery ?? new();
        _stream = new(this, isEncrypted);
        Advance();
    }

    /// <summary>The client's end.</summary>
    public Stream Stream => _stream;

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

    /// <summary>Where the conversation stands.</summary>
    internal string Position
    {
        get
        {
            lock (_gate)
                return _step < _steps.Count ? $"at step {_step + 1} of {_steps.Count} ({_steps[_step]})" : "at its end";
        }
    }

    /// <summary>Throws unless the whole transcript was played, and nothing besides, saying where the conversation stands.</summary>
    public void AssertDone() => AssertDone(mayStayUnsaid: false);

    /// <param name="mayStayUnsaid">The server need not have said everything.</param>
    internal void AssertDone(bool mayStayUnsaid)
    {
        lock (_gate)
        {
            if (_mismatch is not null)
                throw _mismatch;
            if (_compared < _fromClient.Count)
                throw new ScriptMismatchException($"The client sent more than the transcript has: {ScriptStep.Show(CollectionsMarshal.AsSpan(_fromClient)[_compared..])}");
            if (_steps.Skip(_step).FirstOrDefault(step => !mayStayUnsaid || step.Kind is ScriptStepKind.Client or ScriptStepKind.Tls) is { } left)
                throw new ScriptMismatchException($"The conversation stopped at step {_step + 1} of {_steps.Count}, before {left}");
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
            if (_sent == _delivery.TruncateAfter || (_step < _steps.Count && _steps[_step].Kind == ScriptStepKind.Server))
                throw new HandshakeFailedException();
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
                if (_sent == _delivery.TruncateAfter || _step == _steps.Count)
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
            if (_compared == _fromClient.Count)
            {
                _fromClient.Clear();
                _compared = 0;
            }
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
        int border = _sent < _delivery.SplitAt ? Math.Min(_delivery.SplitAt, _delivery.TruncateAfter) : _delivery.TruncateAfter;
        int most = Math.Min(Math.Min(buffer.Length, _delivery.Fragment), border - _sent);
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
                if (_delivery.IsLineByLine)
                    break;
            }
        }
        _sent += sent;
        Advance();
        return sent;
    }

    /// <summary>Compares what the client has sent with the steps that wait for it.</summary>
    private void Advance()
    {
        while (_step < _steps.Count && _steps[_step].Kind == ScriptStepKind.Client)
        {
            ReadOnlySpan<byte> expected = _steps[_step].Octets;
            ReadOnlySpan<byte> sent = CollectionsMarshal.AsSpan(_fromClient)[_compared..];
            int common = Math.Min(expected.Length, sent.Length);
            if (!sent[..common].SequenceEqual(expected[..common]))
                throw Mismatch($"Step {_step + 1} expects {_steps[_step]}, the client sent {ScriptStep.Show(sent)}");
            if (common < expected.Length)
                break;
            _compared += common;
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
