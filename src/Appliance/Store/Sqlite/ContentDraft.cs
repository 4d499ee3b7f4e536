using System.Buffers;
using System.Security.Cryptography;
using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Store.Sqlite;

/// <summary>Content that is whole, and how it is stored: octets in the database, or a file of the spool.</summary>
internal sealed record SealedContent(long Size, byte[] Sha256, EmailHeaders Headers, byte[]? Buffer, string? SpoolFile)
{
    /// <summary>What other copies of the same letter may have in common with it.</summary>
    public SharedBody? Body { get; init; }

    /// <summary>What comes before <see cref="Body"/>; only where there is one.</summary>
    public ReadOnlySpan<byte> Header => HeaderOfFile ?? Buffer.AsSpan(0, Body!.Offset);

    /// <summary>The same of a file.</summary>
    public byte[]? HeaderOfFile { private get; init; }

    /// <summary>What goes into the database; only where there is no file.</summary>
    public ReadOnlySpan<byte> Octets => Buffer.AsSpan(0, (int)Size);

    /// <summary>Gives the octets' buffer back, once nobody can read it any more.</summary>
    public void ReturnBuffer()
    {
        if (Buffer is { Length: > 0 })
            ArrayPool<byte>.Shared.Return(Buffer);
    }
}

/// <summary>Collects content: in a pooled buffer up to the threshold, beyond it in a spool file.</summary>
internal sealed class ContentDraft(Spool spool, int threshold) : IDisposable
{
    private const int FirstBuffer = 16 * 1024;

    private readonly int _capacity = Math.Max(FirstBuffer, threshold);
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private byte[] _buffer = [];
    private IncrementalHash? _bodyHash;
    private int _bodyOffset;
    private int _buffered;
    private long _written;
    private SpoolFile? _file;
    private bool _isSealed;

    public long Length => _written + _buffered;

    public byte[] Sha256() => _hash.GetCurrentHash();

    /// <exception cref="StorageException">The disk failed; the draft can only be disposed.</exception>
    public async ValueTask WriteAsync(ReadOnlyMemory<byte> octets, CancellationToken cancellationToken)
    {
        _hash.AppendData(octets.Span);
        while (octets.Length > 0)
        {
            if (_buffered == _capacity)
                await WriteOutAsync(cancellationToken);
            int taken = Math.Min(octets.Length, _capacity - _buffered);
            Buffer(octets.Span[..taken]);
            octets = octets[taken..];
        }
    }

    /// <summary>Ends the content; what goes into the spool is durable when this returns.</summary>
    /// <exception cref="StorageException">The disk failed; the draft can only be disposed.</exception>
    public async ValueTask<SealedContent> SealAsync(CancellationToken cancellationToken)
    {
        byte[] sha256 = Sha256();
        if (_file is null && _buffered <= threshold)
        {
            if (_buffered <= _buffer.Length / 2)
                Resize(_buffered);
            ReadOnlySpan<byte> octets = _buffer.AsSpan(0, _buffered);
            EmailHeaders peeked = HeaderPeek.Read(octets);
            SealedContent inline = new(_buffered, sha256, peeked, _buffer, null)
            {
                Body = IsShared(peeked) && SharedBody.OffsetIn(octets) is { } offset && octets.Length - offset >= SharedBody.SmallestBody
                    ? new(offset, SHA256.HashData(octets[offset..]))
                    : null,
            };
            _buffer = [];
            return inline;
        }

        SpoolFile file = await WriteOutAsync(cancellationToken);
        try
        {
            (EmailHeaders headers, byte[] header) = await ReadHeadersAsync(file, cancellationToken);
            await spool.KeepAsync(file, cancellationToken);
            _isSealed = true;
            return new(_written, sha256, headers, null, file.Name)
            {
                Body = IsShared(headers) && _bodyHash is not null && _written - _bodyOffset >= SharedBody.SmallestBody
                    ? new(_bodyOffset, _bodyHash.GetCurrentHash())
                    : null,
                HeaderOfFile = header,
            };
        }
        catch (Exception failure) when (StorageFailures.IsOne(failure))
        {
            throw spool.Explain(failure);
        }
    }

    /// <summary>Drops the buffer, and the file where it was not sealed.</summary>
    public void Dispose()
    {
        _hash.Dispose();
        _bodyHash?.Dispose();
        ReturnBuffer();
        if (_file is not null && !_isSealed)
            Spool.Drop(_file);
    }

    private void Buffer(ReadOnlySpan<byte> octets)
    {
        int needed = _buffered + octets.Length;
        if (needed > _buffer.Length)
            Resize(Math.Max(FirstBuffer, Math.Min(_capacity, needed * 2)));
        octets.CopyTo(_buffer.AsSpan(_buffered));
        _buffered = needed;
    }

    private void Resize(int least)
    {
        byte[] other = least > 0 ? ArrayPool<byte>.Shared.Rent(least) : [];
        _buffer.AsSpan(0, _buffered).CopyTo(other);
        ReturnBuffer();
        _buffer = other;
    }

    private async ValueTask<SpoolFile> WriteOutAsync(CancellationToken cancellationToken)
    {
        HashBody(_buffer.AsSpan(0, _buffered));
        try
        {
            _file ??= spool.Create();
            await RandomAccess.WriteAsync(_file.Handle, _buffer.AsMemory(0, _buffered), _written, cancellationToken);
        }
        catch (Exception failure) when (StorageFailures.IsOne(failure))
        {
            throw spool.Explain(failure);
        }

        _written += _buffered;
        _buffered = 0;
        return _file;
    }

    // The header block is in the first buffer, or it is too large to be kept apart.
    private void HashBody(ReadOnlySpan<byte> octets)
    {
        if (_written == 0 && SharedBody.OffsetIn(octets) is { } offset)
        {
            _bodyOffset = offset;
            _bodyHash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            octets = octets[offset..];
        }

        _bodyHash?.AppendData(octets);
    }

    // Copies of a letter are known by its Message-ID.
    private static bool IsShared(EmailHeaders headers) => headers.MessageId is not null;

    // Read back, because the header block may be longer than the buffer; the system still has these pages in memory.
    private async ValueTask<(EmailHeaders Headers, byte[] Header)> ReadHeadersAsync(SpoolFile file, CancellationToken cancellationToken)
    {
        byte[] start = ArrayPool<byte>.Shared.Rent(HeaderPeek.MaximumLength);
        try
        {
            int length = 0;
            int read;
            do
            {
                Memory<byte> rest = start.AsMemory(length..HeaderPeek.MaximumLength);
                read = await RandomAccess.ReadAsync(file.Handle, rest, length, cancellationToken);
                length += read;
            }
            while (read > 0);
            return (HeaderPeek.Read(start.AsSpan(0, length)), start[.._bodyOffset]);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(start);
        }
    }

    private void ReturnBuffer()
    {
        if (_buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }
}
