using System.Collections;
using EmailSync.Protocols.Wire;

namespace EmailSync.Protocols.Pop3;

/// <summary>
/// The message numbers of one listing so far: any order and gaps are fine (deleted messages are not listed), the same number twice is
/// not. One bit each.
/// </summary>
internal sealed class MessageNumbers(int max)
{
    private readonly BitArray _seen = new(Math.Min(max, 1023) + 1);

    /// <summary>Refuses what can be no message number, before anything is sent.</summary>
    public static void Require(IReadOnlyList<int> messageNumbers)
    {
        ArgumentNullException.ThrowIfNull(messageNumbers);
        foreach (int messageNumber in messageNumbers)
            ArgumentOutOfRangeException.ThrowIfLessThan(messageNumber, 1, nameof(messageNumbers));
    }

    /// <summary>Notes a number of 1 or more.</summary>
    /// <exception cref="ProtocolViolationException">It was there before, or is beyond the limit.</exception>
    public void Add(int number)
    {
        if (number > max)
            throw new ProtocolViolationException($"A listing has message number {number}; {max} is the limit");
        if (number >= _seen.Length)
            _seen.Length = (int)Math.Min(Math.Max((long)_seen.Length * 2, number + 1L), max + 1L);
        if (_seen[number])
            throw new ProtocolViolationException($"A listing has message number {number} twice");
        _seen[number] = true;
    }
}
