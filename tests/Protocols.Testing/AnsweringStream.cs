namespace EmailSync.Protocols.Testing;

/// <summary>A peer that says its first answer by itself and then one more for every write, all at once and from memory.</summary>
public sealed class AnsweringStream(byte[][] answers) : ClientStream
{
    private int _allowed = 1;
    private int _answer;
    private int _position;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_answer >= Math.Min(_allowed, answers.Length))
            throw new InvalidOperationException("The client reads before it has asked");
        byte[] answer = answers[_answer];
        int count = Math.Min(buffer.Length, answer.Length - _position);
        answer.AsMemory(_position, count).CopyTo(buffer);
        _position += count;
        if (_position == answer.Length)
        {
            _answer++;
            _position = 0;
        }
        return new(count);
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        _allowed++;
        return default;
    }
}
