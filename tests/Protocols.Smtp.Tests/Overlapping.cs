using EmailSync.Lab;
using EmailSync.Protocols.Testing;
using EmailSync.Protocols.Wire;

namespace EmailSync.Protocols.Smtp.Tests;

/// <summary>Transactions whose flights follow one another without waiting for replies.</summary>
public sealed class Overlapping
{
    private const string Accepted = "S: 250 OK\nS: 250 OK\nS: 250 OK\n";
    private static readonly SmtpOptions Options = Play.Options with { SendChunkWithEnvelope = true };

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public Task Flights_go_out_in_the_order_of_the_calls_before_any_reply() => Transcript.PlayAsync(
        Pipelining + Flight("a@foo.com") + Reset + Flight("b@foo.com") + Reset + Flight("c@foo.com")
        + Accepted + "S: 250 OK\n" + Accepted + "S: 250 OK\nS: 250 OK\nS: 250 OK\nS: 250 third\n" + Flight("d@foo.com") + Accepted, async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer, Options);
        TransactionResult[] results = await Task.WhenAll(SendEach(session, "a@foo.com", "b@foo.com", "c@foo.com"));
        Assert.Equal([true, true, true], results.Select(result => result.IsAccepted));
        Assert.Equal("250 third", results[2].Content!.ToString());
        Assert.True((await Play.SendAsync(session, Play.Envelope("d@foo.com"))).IsAccepted);
    });

    [Fact]
    public Task A_refusal_is_that_message_s_alone() => Transcript.PlayAsync(
        Pipelining + Flight("a@foo.com") + Reset + Flight("b@foo.com") + "S: 250 OK\nS: 550 no\nS: 554 no\nS: 250 OK\n" + Accepted, async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer, Options);
        TransactionResult[] results = await Task.WhenAll(SendEach(session, "a@foo.com", "b@foo.com"));
        Assert.Equal([false, true], results.Select(result => result.IsAccepted));
        Assert.Equal(550, results[0].Refusal!.Code);
    });

    [Fact]
    public Task As_many_are_in_doubt_as_had_gone_out() => Transcript.BreakAsync(
        Pipelining + Flight("a@foo.com") + Reset + Flight("b@foo.com") + Reset + Flight("c@foo.com") + Accepted + "S: 250 OK\nS: 250 OK\n", async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer, Options);
        Task<TransactionResult>[] sent = SendEach(session, "a@foo.com", "b@foo.com", "c@foo.com");
        Assert.True((await sent[0]).IsAccepted);
        await Assert.ThrowsAsync<TransactionInDoubtException>(() => sent[1]);
        await Assert.ThrowsAsync<TransactionInDoubtException>(() => sent[2]);
        await Assert.ThrowsAsync<ConnectionLostException>(async () => await Play.SendAsync(session, Play.Envelope("d@foo.com")));
    });

    // Without a line end at its end it does not go by BDAT.
    [Fact]
    public Task What_takes_more_than_a_flight_has_the_connection_for_itself() => Transcript.PlayAsync(
        Pipelining + Flight("a@foo.com") + Accepted
        + "C: MAIL FROM:<Smith@bar.com>\nC: RCPT TO:<b@foo.com>\nC: DATA\nS: 250 OK\nS: 250 OK\nS: 354 go\nC: y\nC: .\nS: 250 OK\n"
        + Flight("c@foo.com") + Accepted, async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer, Options);
        Task<TransactionResult> first = Play.SendAsync(session, Play.Envelope("a@foo.com")).AsTask();
        Task<TransactionResult> second = Play.SendAsync(session, Play.Envelope("b@foo.com"), "y").AsTask();
        Task<TransactionResult> third = Play.SendAsync(session, Play.Envelope("c@foo.com")).AsTask();
        Assert.All(await Task.WhenAll(first, second, third), result => Assert.True(result.IsAccepted));
    });

    [Fact]
    public Task Where_nothing_of_it_is_offered_they_wait_for_one_another() => Transcript.PlayAsync(
        Play.Introduction("8BITMIME") + Plain("a@foo.com") + Plain("b@foo.com"), async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer, Options);
        Assert.All(await Task.WhenAll(SendEach(session, "a@foo.com", "b@foo.com")), result => Assert.True(result.IsAccepted));
    });

    [Fact]
    public Task A_message_that_cannot_be_sent_holds_up_none_behind_it() => Transcript.PlayAsync(
        Pipelining + Flight("a@foo.com") + Reset + Flight("c@foo.com") + Accepted + "S: 250 OK\n" + Accepted, async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer, Options);
        Task<TransactionResult> first = Play.SendAsync(session, Play.Envelope("a@foo.com")).AsTask();
        Task<TransactionResult> tooLong = Play.SendAsync(session, Play.Envelope("b@foo.com"), new string('x', 2000) + "\r\n").AsTask();
        Task<TransactionResult> third = Play.SendAsync(session, Play.Envelope("c@foo.com")).AsTask();
        await Assert.ThrowsAsync<UnsendableContentException>(() => tooLong);
        Assert.All(await Task.WhenAll(first, third), result => Assert.True(result.IsAccepted));
    });

    [Fact]
    public Task Who_gives_up_before_its_turn_ends_nothing_but_its_own() => Transcript.PlayAsync(
        Pipelining + "C: MAIL FROM:<Smith@bar.com>\nC: RCPT TO:<a@foo.com>\nC: DATA\nS: 250 OK\nS: 250 OK\nS: 354 go\nC: y\nC: .\nS: 250 OK\n"
        + Flight("c@foo.com") + Accepted, async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer, Options);
        using CancellationTokenSource givesUp = new();
        using HeldContent held = new("y");
        Task<TransactionResult> first = session.SendAsync(Play.Envelope("a@foo.com"), held, Cancelled).AsTask();
        Task<TransactionResult> second = session.SendAsync(Play.Envelope("b@foo.com"), Play.Content(), givesUp.Token).AsTask();
        Task<TransactionResult> third = Play.SendAsync(session, Play.Envelope("c@foo.com")).AsTask();
        await givesUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        held.LetGo();
        Assert.All(await Task.WhenAll(first, third), result => Assert.True(result.IsAccepted));
    });

    [Fact]
    public Task Who_gives_up_behind_its_turn_ends_all() => Transcript.PlayAsync(
        Pipelining + Flight("a@foo.com") + Reset + Flight("b@foo.com") + "HANG\n", async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer, Options);
        using CancellationTokenSource givesUp = new();
        Task<TransactionResult> first = Play.SendAsync(session, Play.Envelope("a@foo.com")).AsTask();
        Task<TransactionResult> second = session.SendAsync(Play.Envelope("b@foo.com"), Play.Content(), givesUp.Token).AsTask();
        await givesUp.CancelAsync();
        await Assert.ThrowsAsync<TransactionInDoubtException>(() => first);
        await Assert.ThrowsAsync<TransactionInDoubtException>(() => second);
        await Assert.ThrowsAsync<ConnectionLostException>(async () => await Play.SendAsync(session, Play.Envelope("c@foo.com")));
    });

    [Fact]
    public Task What_the_server_takes_in_a_session_counts_for_them_too() => Transcript.PlayAsync(
        Play.Introduction("PIPELINING", "CHUNKING", "LIMITS MAILMAX=2") + Flight("a@foo.com") + Reset + Flight("b@foo.com") + Accepted + "S: 250 OK\n" + Accepted, async peer =>
    {
        await using SmtpSession session = await Play.OpenAsync(peer, Options);
        Task<TransactionResult>[] sent = SendEach(session, "a@foo.com", "b@foo.com", "c@foo.com");
        await Assert.ThrowsAsync<InvalidOperationException>(() => sent[2]);
        Assert.All(await Task.WhenAll(sent[..2]), result => Assert.True(result.IsAccepted));
    });

    [Theory]
    [InlineData(LabService.Smtp)]
    [InlineData(LabService.Smtps)]
    public async Task The_lab_takes_hundreds_and_has_no_complaint(LabService service)
    {
        await using LabServer lab = await LabServer.StartAsync(new LabOptions { Mailboxes = 0 }, Cancelled);
        await using SmtpSession session = await SmtpSession.OpenAsync(await LabClient.ConnectAsync(lab, service), Options, Cancelled);
        string content = string.Concat(Enumerable.Repeat(".0123456789abc\r\n", 2000));
        Task<TransactionResult>[] sent =
        [
            .. Enumerable.Range(0, 300).Select(number => Play.SendAsync(
                session, Play.Envelope(number % 3 == 0 ? "nobody@lab.example" : $"a{number}@b.example"), content).AsTask()),
        ];
        TransactionResult[] results = await Task.WhenAll(sent);

        Assert.All(results, (result, number) => Assert.Equal(number % 3 != 0, result.IsAccepted));
        Assert.Equal(200, lab.Journal.MessagesAccepted);
        Assert.Empty(lab.Journal.Violations);
    }

    private static string Pipelining => Play.Introduction("PIPELINING", "CHUNKING");

    private static string Reset => "C: RSET\n";

    private static string Flight(string recipient) => $"C: MAIL FROM:<Smith@bar.com>\nC: RCPT TO:<{recipient}>\nC: BDAT 3 LAST\nC: x\n";

    private static string Plain(string recipient) =>
        $"C: MAIL FROM:<Smith@bar.com>\nS: 250 OK\nC: RCPT TO:<{recipient}>\nS: 250 OK\nC: DATA\nS: 354 go\nC: x\nC: .\nS: 250 OK\n";

    private static Task<TransactionResult>[] SendEach(SmtpSession session, params string[] recipients) =>
        [.. recipients.Select(recipient => Play.SendAsync(session, Play.Envelope(recipient)).AsTask())];

    /// <summary>Content that is not read before it is let go.</summary>
    private sealed class HeldContent(string text) : MemoryStream(System.Text.Encoding.ASCII.GetBytes(text))
    {
        private readonly TaskCompletionSource _letGo = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void LetGo() => _letGo.SetResult();

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await _letGo.Task.WaitAsync(cancellationToken);
            return await base.ReadAsync(buffer, cancellationToken);
        }
    }
}
