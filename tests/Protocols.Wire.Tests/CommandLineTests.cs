using System.Text;
using EmailSync.Protocols.Testing;

namespace EmailSync.Protocols.Wire.Tests;

public sealed class CommandLineTests
{
    private static readonly Deadline Minute = new("reply", TimeSpan.FromMinutes(1));

    [Fact]
    public async Task Lines_go_out_together_and_as_written()
    {
        using ScriptedPeer peer = new("""
            C: RCPT TO:<jörg@example.com>
            C: DELE 17
            C: NOOP
            """);
        await using TextConnection connection = new(peer.Stream);
        using Exchange exchange = connection.BeginExchange(CancellationToken.None);
        connection.Compose($"RCPT TO:<{"jörg@example.com"}>");
        connection.Compose($"DELE {17}");
        connection.Compose($"NOOP");
        await connection.FlushAsync(Minute);
        peer.AssertDone();
    }

    [Theory]
    [InlineData("mrose\r\nDELE 1", "0x0D")]
    [InlineData("mrose\n", "0x0A")]
    [InlineData("mr\0ose", "0x00")]
    [InlineData("mr\u007Fose", "0x7F")]
    [InlineData("mr\tose", "0x09")]
    public async Task A_control_octet_never_reaches_the_wire(string name, string octet)
    {
        using ScriptedPeer peer = new("C: NOOP");
        await using TextConnection connection = new(peer.Stream);
        using Exchange exchange = connection.BeginExchange(CancellationToken.None);
        Assert.Contains(octet, Assert.Throws<ArgumentException>(() => connection.Compose($"USER {name}")).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => connection.Compose($"PASS {new Secret(name)}"));
        connection.Compose($"NOOP");
        await connection.FlushAsync(Minute);
        peer.AssertDone();
    }

    // I-05: cast to a byte, these two would be CR and LF.
    [Fact]
    public async Task Wide_characters_do_not_become_line_ends()
    {
        using ScriptedPeer peer = new(@"C: USER \xE7\x98\x8D\xE7\x98\x8A");
        await using TextConnection connection = new(peer.Stream);
        using Exchange exchange = connection.BeginExchange(CancellationToken.None);
        connection.Compose($"USER {"\u760D\u760A"}");
        await connection.FlushAsync(Minute);
        peer.AssertDone();
    }

    [Fact]
    public async Task Half_a_character_is_refused()
    {
        using ScriptedPeer peer = new("");
        await using TextConnection connection = new(peer.Stream);
        Assert.Throws<EncoderFallbackException>(() => connection.Compose($"USER {"\uD800"}"));
    }

    [Fact]
    public async Task A_secret_goes_out_as_itself_and_is_shown_as_asterisks()
    {
        using ScriptedPeer peer = new("C: APOP mrose c4c9334bac560ecc979e58001b3e22fb end");
        RecordedTranscript transcript = new();
        await using TextConnection connection = new(peer.Stream, new() { Transcript = transcript });
        using Exchange exchange = connection.BeginExchange(CancellationToken.None);
        connection.Compose($"APOP {"mrose"} {new Secret("c4c9334bac560ecc979e58001b3e22fb")} end");
        await connection.FlushAsync(Minute);
        peer.AssertDone();
        Assert.Equal(["C: APOP mrose *** end"], transcript.Lines);
    }
}
