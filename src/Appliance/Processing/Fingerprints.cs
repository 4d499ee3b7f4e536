using System.Buffers;
using System.Security.Cryptography;
using EmailSync.Appliance.Store;
using EmailSync.Protocols.Pop3;

namespace EmailSync.Appliance.Processing;

/// <summary>
/// Takes the fingerprints of messages to which the server gave no unique-id that tells them, so that a maildrop in which nothing has changed
/// costs its headers and not its content. A message gets none where its header bears no mark of its own, or where another has the same.
/// </summary>
internal static class Fingerprints
{
    private static readonly SearchValues<string> Marks = SearchValues.Create(["\nMessage-ID:", "\nReceived:"], StringComparison.OrdinalIgnoreCase);

    /// <summary>The fingerprints, by message number.</summary>
    /// <param name="maildrop">The session.</param>
    /// <param name="numbers">Of which messages.</param>
    /// <param name="sizes">Their sizes, as LIST announces them.</param>
    /// <param name="diesIn">Told of the message in whose header the session ended, where it ended in one.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<Dictionary<int, byte[]>> TakeAsync(
        Maildrop maildrop, IReadOnlyList<int> numbers, IReadOnlyDictionary<int, long> sizes, Func<int, Task> diesIn, CancellationToken cancellationToken)
    {
        if (numbers.Count == 0 || maildrop.Capabilities is { HasTop: false })
            return [];
        using HeaderSink sink = new(sizes);
        try
        {
            await maildrop.TopAsync(numbers, 0, sink, cancellationToken: cancellationToken);
        }
        catch (Exception failure) when (Quarantine.Implicates(failure) && sink.Ended < numbers.Count)
        {
            await diesIn(numbers[sink.Ended]);
            throw;
        }

        return sink.Fingerprints
            .GroupBy(taken => UniqueIdHash.Of(taken.Fingerprint))
            .Where(same => same.Count() == 1)
            .ToDictionary(same => same.Single().Number, same => same.Single().Fingerprint);
    }

    private sealed class HeaderSink(IReadOnlyDictionary<int, long> sizes) : IRetrievalSink, IDisposable
    {
        // Enough to find a mark in: servers put theirs on top.
        private const int Searched = 16 * 1024;

        private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        private readonly char[] _start = new char[Searched];
        private int _length;
        private HeaderPart _header = new();

        public List<(int Number, byte[] Fingerprint)> Fingerprints { get; } = [];

        /// <summary>How many messages came to their end.</summary>
        public int Ended { get; private set; }

        public ValueTask BeginAsync(int messageNumber, CancellationToken cancellationToken)
        {
            // What a broken-off header left behind; and the line end before the first field.
            _hash.GetHashAndReset();
            _start[0] = '\n';
            _length = 1;
            _header = new();
            return ValueTask.CompletedTask;
        }

        public ValueTask WriteAsync(ReadOnlyMemory<byte> octets, CancellationToken cancellationToken)
        {
            ReadOnlySpan<byte> header = _header.Of(octets).Span;
            _hash.AppendData(header);
            ReadOnlySpan<byte> searched = header[..Math.Min(header.Length, Searched - _length)];
            _length += System.Text.Encoding.Latin1.GetChars(searched, _start.AsSpan(_length));
            return ValueTask.CompletedTask;
        }

        public ValueTask EndAsync(Retrieval retrieval, CancellationToken cancellationToken)
        {
            if (retrieval.IsWhole && sizes.TryGetValue(retrieval.MessageNumber, out long octets) && _start.AsSpan(0, _length).ContainsAny(Marks))
                Fingerprints.Add((retrieval.MessageNumber, Fingerprint.Of(octets, _hash.GetHashAndReset())));
            Ended++;
            return ValueTask.CompletedTask;
        }

        public void Dispose() => _hash.Dispose();
    }
}
