using System.Buffers;
using System.Text;
using EmailSync.Appliance.OneShot;

namespace EmailSync.Appliance.Tests.OneShot;

public sealed class MboxQuotingTests
{
    [Theory]
    [InlineData("From me\r\n", ">From me\n")]
    [InlineData("From: me\r\n\r\nFrom me\r\n", "From: me\n\n>From me\n")]
    [InlineData(">From me\r\n>>From me\r\n> From me\r\n", ">>From me\n>>>From me\n> From me\n")]
    [InlineData("a From b\r\nFrom\r\nFro\r\n>\r\n>>F\r\n", "a From b\nFrom\nFro\n>\n>>F\n")]
    [InlineData("no end", "no end\n"), InlineData("From", "From\n"), InlineData(">>", ">>\n"), InlineData("", ""), InlineData("\r\n", "\n")]
    [InlineData("a\rb\r\r\nc\r", "a\rb\r\nc\r\n"), InlineData("bare\nlf\nFrom x\n", "bare\nlf\n>From x\n"), InlineData("\rFrom x\r\n", "\rFrom x\n")]
    public void Lines_that_would_begin_a_message_are_quoted_in_whatever_pieces_they_come(string message, string expected)
    {
        for (int size = 1; size <= Math.Max(1, message.Length); size++)
        {
            ArrayBufferWriter<byte> quoted = new();
            MboxQuoting quoting = default;
            foreach (byte[] piece in Encoding.ASCII.GetBytes(message).Chunk(size))
                quoting.Append(piece, quoted);
            quoting.Finish(quoted);

            Assert.Equal(expected, Encoding.ASCII.GetString(quoted.WrittenSpan));
        }
    }
}
