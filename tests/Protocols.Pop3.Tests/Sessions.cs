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

    /// <summary>Plays a transcript over a stream that is encrypted from its beginning.</summary>
    public static Task PlayAsync(string script, Func<ScriptedPeer, Task> conversation) =>
        Transcript.PlayAsync(script, conversation, isEncrypted: true);

    /// <summary>The same with a server that breaks the rules.</summary>
    public static Task BreakAsync(string script, Func<ScriptedPeer, Task> conversation) =>
        Transcript.BreakAsync(script, conversation, isEncrypted: true);

    /// <summary>Plays <see cref="SignIn"/> and what comes after it, and hands the maildrop to the test.</summary>
    public static Task InMaildropAsync(string script, Func<Maildrop, Task> test) => PlayAsync(SignIn + script, peer => SignedInAsync(peer, test));

    /// <summary>The same with a server that breaks the rules.</summary>
    public static Task BreakInMaildropAsync(string script, Func<Maildrop, Task> test) =>
        BreakAsync(SignIn + script, peer => SignedInAsync(peer, test));

    private static async Task SignedInAsync(ScriptedPeer peer, Func<Maildrop, Task> test)
    {
        await using Maildrop maildrop = await SignInAsync(peer.Stream);
        await test(maildrop);
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
