using System.Buffers;
using System.Buffers.Text;
using EmailSync.Load.Messages;

namespace EmailSync.Load.Server;

/// <summary>The grammar of one SMTP session: octets in, replies out. It hashes what it takes.</summary>
internal sealed class SmtpConversation(ServerCount count)
{
    private static readonly byte[] Extensions =
        "250-localhost\r\n250-PIPELINING\r\n250-SIZE\r\n250-CHUNKING\r\n250-8BITMIME\r\n250 ENHANCEDSTATUSCODES\r\n"u8.ToArray();
    private static readonly byte[] Ok = "250 2.0.0 ok\r\n"u8.ToArray();
    private static readonly byte[] GoAhead = "354 go ahead\r\n"u8.ToArray();
    private static readonly byte[] Bye = "221 2.0.0 bye\r\n"u8.ToArray();
    private static readonly byte[] Unknown = "500 5.5.1 unknown command\r\n"u8.ToArray();

    private readonly ArrayBufferWriter<byte> _chunks = new();
    private byte[] _unstuffed = [];
    private bool _isInContent;
    private int _chunkLeft = -1;
    private bool _isLastChunk;

    /// <summary>How much of the content under way is known not to hold its end.</summary>
    private int _searched;

    /// <summary>The client has quit.</summary>
    public bool IsOver { get; private set; }

    /// <summary>Takes one command, one content or one chunk, if it is there in whole.</summary>
    public bool TryTake(ReadOnlySpan<byte> received, out int consumed, out byte[] reply)
    {
        if (_isInContent)
            return TryTakeContent(received, out consumed, out reply);
        if (_chunkLeft >= 0)
            return TryTakeChunk(received, out consumed, out reply);
        consumed = received.IndexOf((byte)'\n') + 1;
        reply = consumed > 0 ? Answer(received[..consumed]) : [];
        if (_chunkLeft < 0 || consumed == 0)
            return consumed > 0;
        // A chunk has one reply, behind its last octet.
        bool isWhole = TryTakeChunk(received[consumed..], out int chunk, out reply);
        if (isWhole)
            consumed += chunk;
        else
            _chunkLeft = -1;
        return isWhole;
    }

    private bool TryTakeContent(ReadOnlySpan<byte> received, out int consumed, out byte[] reply)
    {
        reply = Ok;
        int end = received[_searched..].IndexOf("\r\n.\r\n"u8);
        if (end < 0)
        {
            _searched = Math.Max(received.Length - 4, 0);
            consumed = 0;
            return false;
        }
        end += _searched + 2;
        consumed = end + 3;
        _searched = 0;
        _isInContent = false;
        count.AddMessage(MessageSet.Of(Unstuffed(received[..end]), Part.Body));
        return true;
    }

    private bool TryTakeChunk(ReadOnlySpan<byte> received, out int consumed, out byte[] reply)
    {
        reply = Ok;
        consumed = _chunkLeft;
        if (received.Length < _chunkLeft)
            return false;
        ReadOnlySpan<byte> chunk = received[.._chunkLeft];
        _chunkLeft = -1;
        if (_isLastChunk && _chunks.WrittenCount == 0)
        {
            count.AddMessage(MessageSet.Of(chunk, Part.Body));
            return true;
        }
        _chunks.Write(chunk);
        if (_isLastChunk)
        {
            count.AddMessage(MessageSet.Of(_chunks.WrittenSpan, Part.Body));
            _chunks.ResetWrittenCount();
        }
        return true;
    }

    private byte[] Answer(ReadOnlySpan<byte> command)
    {
        switch (command)
        {
            case [(byte)'M', ..] or [(byte)'R', ..] or [(byte)'N', ..] or [(byte)'H', ..]:
                return Ok;
            case [(byte)'E', ..]:
                return Extensions;
            case [(byte)'D', ..]:
                _isInContent = true;
                return GoAhead;
            case [(byte)'B', (byte)'D', (byte)'A', (byte)'T', (byte)' ', .. ReadOnlySpan<byte> arguments]
                when Utf8Parser.TryParse(arguments, out int length, out int digits):
                _chunkLeft = length;
                _isLastChunk = arguments[digits..].IndexOf("LAST"u8) >= 0;
                return [];
            case [(byte)'Q', ..]:
                IsOver = true;
                return Bye;
            default:
                return Unknown;
        }
    }

    private ReadOnlySpan<byte> Unstuffed(ReadOnlySpan<byte> stuffed)
    {
        if (stuffed.IndexOf("\r\n."u8) < 0)
            return stuffed;
        if (_unstuffed.Length < stuffed.Length)
            _unstuffed = new byte[stuffed.Length];
        int length = 0;
        while (true)
        {
            int dot = stuffed.IndexOf("\r\n."u8);
            ReadOnlySpan<byte> piece = dot < 0 ? stuffed : stuffed[..(dot + 2)];
            piece.CopyTo(_unstuffed.AsSpan(length));
            length += piece.Length;
            if (dot < 0)
                return _unstuffed.AsSpan(0, length);
            stuffed = stuffed[(dot + 3)..];
        }
    }
}
