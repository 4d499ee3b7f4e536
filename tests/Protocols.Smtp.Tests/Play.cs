using System.Text;
using EmailSync.Protocols.Testing;

namespace EmailSync.Protocols.Smtp.Tests;

/// <summary>The words that all transcripts here begin with, and the pieces that the tests share.</summary>
internal static class Play
{
    public static readonly SmtpOptions Options = new() { ClientName = "bar.com", AllowCleartextPasswords = true };

    /// <summary>A greeting and an EHLO that offers these extensions.</summary>
    public static string Introduction(params string[] extensions) => string.Join('\n',
    [
        "S: 220 foo.com ready", "C: EHLO bar.com",
        .. extensions.Prepend("foo.com").Select((text, i) => $"S: 250{(i < extensions.Length ? '-' : ' ')}{text}"), "",
    ]);

    public static ValueTask<SmtpSession> OpenAsync(ScriptedPeer peer, SmtpOptions? options = null) =>
        SmtpSession.OpenAsync(peer.Stream, options ?? Options, TestContext.Current.CancellationToken);

    public static Envelope Envelope(params string[] forwardPaths) =>
        new(MailPath.Parse("Smith@bar.com"), [.. forwardPaths.DefaultIfEmpty("Jones@foo.com").Select(MailPath.Parse)]);

    public static MemoryStream Content(string text = "x\r\n") => new(Encoding.UTF8.GetBytes(text));

    public static ValueTask<TransactionResult> SendAsync(SmtpSession session, Envelope envelope, string content = "x\r\n") =>
        session.SendAsync(envelope, Content(content), TestContext.Current.CancellationToken);

    /// <summary>Plays a script in which one message of <c>x</c> goes from Smith to Jones, and hands the test what became of it.</summary>
    public static Task SendOneAsync(string script, Action<TransactionResult> expect, SmtpOptions? options = null) =>
        Transcript.PlayAsync(script, async peer =>
        {
            await using SmtpSession session = await OpenAsync(peer, options);
            expect(await SendAsync(session, Envelope()));
        });
}
