using System.Runtime.CompilerServices;

namespace EmailSync.Protocols.Wire;

/// <summary>
/// Turns <c>$"RCPT TO:&lt;{path}&gt;"</c> into the octets of one command line. A hole with CR, LF, NUL or any other control
/// octet in it throws <see cref="ArgumentException"/> and nothing of the line is sent; a <see cref="Secret"/> goes out as
/// itself and appears in the transcript as <c>***</c>. Text is encoded as UTF-8; unpaired surrogates throw.
/// </summary>
[InterpolatedStringHandler]
public readonly ref struct CommandLine
{
    // A buffer of its own for every line: one that was refused half-way leaves nothing behind.
    internal LineBuffer Buffer { get; }

    /// <summary>Begins a line for <paramref name="connection"/>.</summary>
    public CommandLine(int literalLength, int formattedCount, TextConnection connection)
    {
        ArgumentNullException.ThrowIfNull(connection);
        Buffer = connection.RentLine();
    }

    /// <summary>The length of the line in octets, CRLF included: what RFC 2449 section 4 and RFC 5321 4.5.3.1.4 limit.</summary>
    public int Length => Buffer.Length + 2;

    /// <summary>The fixed part of a command.</summary>
    public void AppendLiteral(string value) => Buffer.Append(value);

    /// <summary>A text argument.</summary>
    public void AppendFormatted(string? value) => Buffer.Append(value);

    /// <summary>A text argument.</summary>
    public void AppendFormatted(ReadOnlySpan<char> value) => Buffer.Append(value);

    /// <summary>A secret argument.</summary>
    public void AppendFormatted(Secret value) => Buffer.Append(value);

    /// <summary>A number, or any value that can write itself as UTF-8.</summary>
    public void AppendFormatted<T>(T value) where T : IUtf8SpanFormattable => Buffer.Append(value);
}
