using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Store;

/// <summary>A Message-ID, and 64 bits of its SHA-256 that it is looked up by.</summary>
internal readonly record struct MessageIdKey(string Text, long Key)
{
    public static MessageIdKey Of(string text)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(text), digest);
        return new(text, BinaryPrimitives.ReadInt64BigEndian(digest));
    }
}

/// <summary>What an email's header says of the conversation that it belongs to.</summary>
/// <param name="MessageId">Its own; null where it has none.</param>
/// <param name="References">What it answers, the likeliest first, and no more than <see cref="MaximumReferences"/>.</param>
/// <param name="TrackingNumber">The number in its subject.</param>
internal sealed record Correlation(MessageIdKey? MessageId, IReadOnlyList<MessageIdKey> References, int? TrackingNumber)
{
    /// <summary>Each costs the one writer a look, and strangers write as many as they like. Whoever answers in good faith is found by the first.</summary>
    public const int MaximumReferences = 20;

    public static Correlation Of(EmailHeaders headers)
    {
        IEnumerable<string> references = MessageIds(headers.InReplyTo).Concat(Enumerable.Reverse(MessageIds(headers.References))).Distinct(StringComparer.Ordinal);
        return new(
            MessageIdOf(headers.MessageId),
            [.. references.Take(MaximumReferences).Select(MessageIdKey.Of)],
            TrackingToken.Find(headers.Subject));
    }

    /// <summary>The Message-ID in a field of that name. Some programs forget the angle brackets, and those that answer them put them.</summary>
    public static MessageIdKey? MessageIdOf(string? field)
    {
        string? bracketed = MessageIds(field).FirstOrDefault();
        return bracketed is not null ? MessageIdKey.Of(bracketed)
            : string.IsNullOrWhiteSpace(field) ? null
            : MessageIdKey.Of($"<{field}>");
    }

    /// <summary>What stands between angle brackets, and they: a field may hold words and comments as well, and end in the middle of one.</summary>
    private static List<string> MessageIds(string? field)
    {
        List<string> ids = [];
        int start = -1;
        for (int index = 0; index < (field?.Length ?? 0); index++)
        {
            if (field![index] == '<')
                start = index;
            else if (field[index] == '>' && start >= 0)
            {
                ids.Add(field[start..(index + 1)]);
                start = -1;
            }
        }

        return ids;
    }
}
