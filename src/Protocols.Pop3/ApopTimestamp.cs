using System.Text;
using EmailSync.Protocols.Wire;

namespace EmailSync.Protocols.Pop3;

/// <summary>The timestamp in a greeting, without which there is no APOP (RFC 1939 section 7). Taken only if it is strictly a msg-id.</summary>
internal static class ApopTimestamp
{
    /// <summary>The first timestamp anywhere in the greeting (RFC 2449 section 3), with its angle brackets; null if there is none.</summary>
    public static string? Find(ReadOnlySpan<byte> greeting)
    {
        while (true)
        {
            int end = greeting.IndexOf((byte)'>');
            if (end < 0)
                return null;
            int start = greeting[..end].LastIndexOf((byte)'<');
            if (start >= 0 && MsgId.IsStrict(greeting[start..(end + 1)]))
                return Encoding.ASCII.GetString(greeting[start..(end + 1)]);
            greeting = greeting[(end + 1)..];
        }
    }
}
