using System.Buffers;

namespace EmailSync.Lab;

/// <summary>A mail transaction under way: MAIL has been accepted.</summary>
internal sealed class SmtpTransaction(string reversePath, bool isSmtpUtf8, string[] parameters)
{
    public string ReversePath { get; } = reversePath;
    public bool IsSmtpUtf8 { get; } = isSmtpUtf8;
    public List<string> ForwardPaths { get; } = [];
    public List<string> Parameters { get; } = [.. parameters];
    public ArrayBufferWriter<byte> Content { get; } = new();
    public long Octets { get; private set; }
    public bool IsChunked { get; set; }

    public void Append(ReadOnlySpan<byte> octets, bool keep)
    {
        Octets += octets.Length;
        if (keep)
            Content.Write(octets);
    }
}
