using System.Security.Cryptography;
using System.Text;

namespace EmailSync.Lab;

/// <summary>One address of the lab: its password and its maildrop.</summary>
public sealed class LabMailbox
{
    private readonly Lock _lock = new();
    private readonly List<LabMessage> _messages = [];
    private readonly ulong _firstIdentity;
    private uint _delivered;
    private bool _inUse;
    private DateTimeOffset _signedInAt;

    internal LabMailbox(string address, string? password, int seed, int number)
    {
        Address = address;
        string derived = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{seed}:{address}")));
        Password = password ?? $"lab-{derived[..12]}";
        AccessToken = $"token-{derived[12..36]}";
        HeaderLines = Encoding.UTF8.GetBytes($"Delivered-To: {address}\r\nTo: {address}\r\n");
        _firstIdentity = ((ulong)(uint)seed << 52) | ((ulong)(uint)number << 32);
    }

    /// <summary>The address, which is also the user name.</summary>
    public string Address { get; }

    /// <summary>The password for USER/PASS, APOP, PLAIN and LOGIN.</summary>
    public string Password { get; }

    /// <summary>The bearer token for XOAUTH2.</summary>
    public string AccessToken { get; }

    /// <summary>How many messages the maildrop holds now.</summary>
    public int MessageCount
    {
        get { lock (_lock) return _messages.Count; }
    }

    /// <summary>The unique-ids in the maildrop now, in the order UIDL lists them.</summary>
    public IReadOnlyList<string> UniqueIds
    {
        get { lock (_lock) return [.. _messages.Select(message => message.UniqueId)]; }
    }

    internal ReadOnlyMemory<byte> HeaderLines { get; }

    internal string Deliver(Func<ulong, LabMessage> create)
    {
        lock (_lock)
        {
            LabMessage message = create(_firstIdentity | ++_delivered);
            _messages.Add(message);
            return message.UniqueId;
        }
    }

    /// <summary>Takes the exclusive lock of RFC 1939 section 4; null when another session holds it.</summary>
    internal LabMessage[]? TryLock()
    {
        lock (_lock)
        {
            if (_inUse)
                return null;
            _inUse = true;
            return [.. _messages];
        }
    }

    /// <summary>Whether the last sign-in was long enough ago; this one is then the last.</summary>
    internal bool MaySignIn(DateTimeOffset now, TimeSpan delay)
    {
        lock (_lock)
        {
            if (now - _signedInAt < delay)
                return false;
            _signedInAt = now;
            return true;
        }
    }

    internal void Unlock()
    {
        lock (_lock) _inUse = false;
    }

    internal void Remove(HashSet<ulong> identities)
    {
        lock (_lock) _messages.RemoveAll(message => identities.Contains(message.Identity));
    }

    internal long SizeOf(LabMessage message) =>
        message.Content.Octets + (message.Content.IsGenerated ? HeaderLines.Length : 0);
}
