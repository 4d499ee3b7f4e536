using System.IO.Hashing;

namespace EmailSync.Load.Messages;

/// <summary>Hashes messages that come in pieces, and adds them up.</summary>
internal sealed class ContentHash
{
    private readonly XxHash3 _hash = new();
    private long _octets;

    /// <summary>The messages so far.</summary>
    public Tally Tally { get; private set; }

    /// <summary>The next piece of the message under way.</summary>
    public void Append(ReadOnlySpan<byte> octets)
    {
        _hash.Append(octets);
        _octets += octets.Length;
    }

    /// <summary>The message under way is whole.</summary>
    public void EndMessage()
    {
        Tally += new Tally(1, _octets, _hash.GetCurrentHashAsUInt64());
        _hash.Reset();
        _octets = 0;
    }
}
