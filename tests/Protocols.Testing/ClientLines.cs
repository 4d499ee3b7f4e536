using System.Text;

namespace EmailSync.Protocols.Testing;

/// <summary>Lines over a stream, for a server that a test writes by hand.</summary>
public sealed class ClientLines(Stream stream) : IDisposable
{
    private readonly StreamReader _reader = new(stream, Encoding.UTF8, leaveOpen: true);

    /// <summary>The client's next line, without its end; null when it has left.</summary>
    public ValueTask<string?> ReadAsync(CancellationToken cancellationToken) => _reader.ReadLineAsync(cancellationToken);

    public void Dispose() => _reader.Dispose();

    public ValueTask WriteAsync(string line, CancellationToken cancellationToken) => stream.WriteAsync(Encoding.UTF8.GetBytes(line + "\r\n"), cancellationToken);
}
