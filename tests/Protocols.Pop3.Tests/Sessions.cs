using System.Text;
using EmailSync.Protocols.Testing;
using EmailSync.Protocols.Wire;

namespace EmailSync.Protocols.Pop3.Tests;

/// <summary>How a test gets to the state it is about.</summary>
internal static class Sessions
{
    /// <summary>The beginning of every transcript that is about a maildrop.</summary>
    public const string SignIn = """
        S: +OK ready
        C: USER mrose
        S: +OK
        C: PASS secret
        S: +OK

        """;

    /// <summary>The same with CAPA in front.</summary>
    public static string SignInWith(params string[] capabilities) => $"""
        S: +OK ready
        C: CAPA
        S: +OK
        {string.Join('\n', capabilities.Select(capability => $"S: {capability}"))}
        S: .
        C: USER mrose
        S: +OK
        C: PASS secret
        S: +OK

        """;

    public static ValueTask<Pop3Session> OpenAsync(ScriptedPeer peer, Pop3Options? options = null) =>
        Pop3Session.OpenAsync(peer.Stream, options, TestContext.Current.CancellationToken);

    /// <summary>Plays <see cref="SignIn"/> or <see cref="SignInWith"/>.</summary>
    public static async Task<Maildrop> SignInAsync(Stream stream, bool asksCapabilities = false, Pop3Options? options = null)
    {
        Pop3Session session = await Pop3Session.OpenAsync(stream, options, TestContext.Current.CancellationToken);
        if (asksCapabilities)
            await session.CapabilitiesAsync(TestContext.Current.CancellationToken);
        return await session.LogInAsync("mrose", new("secret"), TestContext.Current.CancellationToken);
    }

    /// <summary>A peer whose stream is encrypted, at the beginning of its transcript.</summary>
    public static ScriptedPeer Peer(string script, int fragment = int.MaxValue) => new(script, fragment, isEncrypted: true);

    /// <summary>Plays a transcript that begins with <see cref="SignIn"/>, hands the maildrop to the test, and expects the transcript to be played out.</summary>
    public static async Task InMaildropAsync(string script, Func<Maildrop, Task> test, int fragment = int.MaxValue, Pop3Options? options = null)
    {
        using ScriptedPeer peer = Peer(SignIn + script, fragment);
        await using Maildrop maildrop = await SignInAsync(peer.Stream, asksCapabilities: false, options);
        await test(maildrop);
        peer.AssertDone();
    }

    public static async Task<List<T>> ToListAsync<T>(this IAsyncEnumerable<T> listing)
    {
        List<T> list = [];
        await foreach (T item in listing)
            list.Add(item);
        return list;
    }

    public static async Task<string> RetrieveTextAsync(this Maildrop maildrop, int messageNumber, long limit = long.MaxValue)
    {
        MemoryStream content = new();
        long octets = await maildrop.RetrieveAsync(messageNumber, content, limit, TestContext.Current.CancellationToken);
        Assert.Equal(content.Length, octets);
        return Encoding.Latin1.GetString(content.ToArray());
    }

    public static Secret Password { get; } = new("secret");
}
