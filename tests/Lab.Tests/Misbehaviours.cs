using Microsoft.Extensions.Time.Testing;

namespace EmailSync.Lab.Tests;

public sealed class Misbehaviours
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_greeting_can_be_refused_on_the_second_connection_only()
    {
        await using LabServer lab = await StartAsync(
            Misbehaviour.Reply(Misbehaviour.Connecting, "554 5.3.2 no service") with { Connection = 2, Service = LabService.Smtp });
        await Dialogue.PlayAsync(lab, LabService.Smtp, "S: 220*");
        await Dialogue.PlayAsync(lab, LabService.Smtp, "S: 554 5.3.2 no service\nS: (end)");
        await Dialogue.PlayAsync(lab, LabService.Smtp, "S: 220*");
        await Dialogue.PlayAsync(lab, LabService.Pop3, "S: +OK*");
    }

    [Fact]
    public async Task A_sign_in_can_be_refused_for_one_mailbox_once()
    {
        await using LabServer lab = await StartAsync(
            Misbehaviour.RefuseSignIn("-ERR [SYS/TEMP] try later") with { Mailbox = "user0002@lab.example", Times = 1 });
        await SignInAsync(lab, 1, "+OK*");
        await SignInAsync(lab, 2, "-ERR [SYS/TEMP] try later");
        await SignInAsync(lab, 2, "+OK*");
        Assert.Equal((2, 1), (lab.Journal.SignIns, lab.Journal.SignInsRefused));
    }

    [Fact]
    public async Task A_command_can_hang_until_the_client_leaves()
    {
        await using LabServer lab = await StartAsync(Misbehaviour.Hang("STAT"));
        await using (Dialogue dialogue = await Dialogue.OpenAsync(lab, LabService.Pop3))
        {
            await dialogue.PlayAsync("S: +OK*\nC: STAT\nC: NOOP");
            await lab.Journal.WhenAsync(journal => journal.Count("STAT") == 1, Cancelled);
            Assert.Equal(1, lab.Journal.ConnectionsOpen);
        }
        await lab.Journal.WhenAsync(journal => journal.ConnectionsOpen == 0, Cancelled);
        Assert.Equal(0, lab.Journal.Count("NOOP"));
    }

    [Theory]
    [InlineData(false, 1)]
    [InlineData(true, 0)]
    public async Task Quit_can_go_unanswered_before_or_after_the_update(bool isAfter, int left)
    {
        await using LabServer lab = await StartAsync(isAfter ? Misbehaviour.DisconnectAfter("QUIT") : Misbehaviour.Disconnect("QUIT"));
        lab.Deliver("user0001@lab.example", "x\r\n"u8);
        await using Dialogue dialogue = await Dialogue.OpenAsync(lab, LabService.Pop3);
        await dialogue.PlayAsync($"""
            S: +OK*
            C: USER user0001@lab.example
            C: PASS {lab.Mailboxes[0].Password}
            C: DELE 1
            S: +OK*
            S: +OK*
            S: +OK*
            C: QUIT
            S: (end)
            """);
        Assert.Equal(left, lab.Mailboxes[0].MessageCount);
    }

    [Theory]
    [InlineData(false, 0)]
    [InlineData(true, 1)]
    public async Task The_final_dot_can_go_unanswered_before_or_after_acceptance(bool isAfter, int accepted)
    {
        await using LabServer lab = await StartAsync(
            isAfter ? Misbehaviour.DisconnectAfter(Misbehaviour.FinalDot) : Misbehaviour.Disconnect(Misbehaviour.FinalDot));
        await Dialogue.PlayAsync(lab, LabService.Smtp, """
            S: 220*
            C: HELO x.example
            S: 250*
            C: MAIL FROM:<a@b.example>
            C: RCPT TO:<c@d.example>
            C: DATA
            S: 250*
            S: 250*
            S: 354*
            C: x
            C: .
            S: (end)
            """);
        Assert.Equal(accepted, lab.Outbox.Count);
    }

    [Fact]
    public async Task A_message_can_be_cut_after_so_many_octets()
    {
        await using LabServer lab = await StartAsync(Misbehaviour.CutContent(Outcome.Disconnect, afterOctets: 4, message: 2));
        lab.Deliver("user0001@lab.example", "12\r\n34\r\n"u8);
        lab.Deliver("user0001@lab.example", "12\r\n34\r\n"u8);
        await using Dialogue dialogue = await Dialogue.OpenAsync(lab, LabService.Pop3);
        await dialogue.PlayAsync($"""
            S: +OK*
            C: USER user0001@lab.example
            C: PASS {lab.Mailboxes[0].Password}
            C: RETR 1
            C: RETR 2
            S: +OK*
            S: +OK*
            S: +OK 8 octets
            S: 12
            S: 34
            S: .
            S: +OK 8 octets
            S: 12
            S: (end)
            """);
    }

    [Fact]
    public async Task Content_can_be_answered_before_its_end()
    {
        await using LabServer lab = await StartAsync(
            Misbehaviour.CutContent(Outcome.Disconnect, afterOctets: 1000) with { Text = "552 5.3.4 too big" });
        await using Dialogue dialogue = await Dialogue.OpenAsync(lab, LabService.Smtp);
        await dialogue.PlayAsync("""
            S: 220*
            C: HELO x.example
            S: 250*
            C: MAIL FROM:<a@b.example>
            C: RCPT TO:<c@d.example>
            C: DATA
            S: 250*
            S: 250*
            S: 354*
            """);
        await dialogue.SendAsync(new string('x', 1000));
        await dialogue.ExpectAsync("552 5.3.4 too big");
        await dialogue.ExpectAsync("(end)");
    }

    [Fact]
    public async Task Plaintext_can_be_injected_behind_the_answer_to_starttls()
    {
        await using LabServer lab = await StartAsync(Misbehaviour.ReplyAfter("STARTTLS", "220 go\r\n250 injected"));
        await using Dialogue dialogue = await Dialogue.OpenAsync(lab, LabService.Smtp);
        await dialogue.PlayAsync("""
            S: 220*
            C: STARTTLS
            S: 220 go
            S: 250 injected
            """);
        await dialogue.EncryptAsync();
        await dialogue.PlayAsync("C: NOOP\nS: 250*");
    }

    [Fact]
    public async Task Recipients_can_be_refused_and_greylisted()
    {
        await using LabServer lab = await StartAsync(
            Misbehaviour.RefuseRecipient("full@d.example", "452 4.2.2 mailbox full"), Misbehaviour.Greylist("grey@d.example"));
        await Dialogue.PlayAsync(lab, LabService.Smtp, """
            S: 220*
            C: HELO x.example
            S: 250*
            C: MAIL FROM:<a@b.example>
            C: RCPT TO:<full@d.example>
            C: RCPT TO:<grey@d.example>
            C: RCPT TO:<grey@d.example>
            S: 250*
            S: 452 4.2.2 mailbox full
            S: 450 4.7.1*
            S: 250 2.1.5*
            """);
    }

    [Theory]
    [InlineData(UniqueIdStyle.AllTheSame, 1)]
    [InlineData(UniqueIdStyle.Empty, 1)]
    [InlineData(UniqueIdStyle.MessageNumber, 2)]
    [InlineData(UniqueIdStyle.OddOctets, 2)]
    [InlineData(UniqueIdStyle.TooLong, 2)]
    [InlineData(UniqueIdStyle.Reset, 2)]
    [InlineData(UniqueIdStyle.NewEachSession, 2)]
    public async Task Unique_ids_can_break_their_promises(UniqueIdStyle style, int distinct)
    {
        await using LabServer lab = await StartAsync();
        lab.DeliverGenerated("user0001@lab.example", 2);
        List<string> proper = await UniqueIdsAsync(lab);
        Assert.Equal(lab.Mailboxes[0].UniqueIds, proper);
        lab.Misbehave(Misbehaviour.UniqueIds(style));
        List<string> odd = await UniqueIdsAsync(lab);
        Assert.Equal(distinct, odd.Distinct().Count());
        Assert.NotEqual(proper, odd);
        List<string> again = await UniqueIdsAsync(lab);
        if (style == UniqueIdStyle.NewEachSession)
            Assert.Empty(odd.Intersect(again));
        else
            Assert.Equal(odd, again);
        lab.Misbehave();
        Assert.Equal(proper, await UniqueIdsAsync(lab));
    }

    [Fact]
    public async Task Sizes_can_lie_and_capabilities_can_be_missing()
    {
        await using LabServer lab = await StartAsync(Misbehaviour.WrongSizes(-3), Misbehaviour.Without("UIDL"));
        lab.Deliver("user0001@lab.example", "12345678\r\n"u8);
        await using Dialogue dialogue = await Dialogue.OpenAsync(lab, LabService.Pop3);
        await dialogue.PlayAsync($"""
            S: +OK*
            C: USER user0001@lab.example
            C: PASS {lab.Mailboxes[0].Password}
            C: LIST
            C: UIDL
            S: +OK*
            S: +OK*
            S: +OK*
            S: 1 7
            S: .
            S: -ERR UIDL*
            """);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Lines_and_listings_can_be_endless(bool isLine)
    {
        await using LabServer lab = await StartAsync(
            isLine ? Misbehaviour.EndlessLine("CAPA") : Misbehaviour.EndlessListing("CAPA", line: "TOP"));
        await using Dialogue dialogue = await Dialogue.OpenAsync(lab, LabService.Pop3s);
        await dialogue.PlayAsync("S: +OK*\nC: CAPA");
        int lines = 0;
        byte[] octets = new byte[1_000_000];
        await dialogue.Tls.ReadExactlyAsync(octets, Cancelled);
        lines = octets.Count(octet => octet == '\n');
        Assert.Equal(isLine, lines == 0);
    }

    [Fact]
    public async Task Reset_is_a_reset()
    {
        await using LabServer lab = await StartAsync(Misbehaviour.Reset("NOOP"));
        await using Dialogue dialogue = await Dialogue.OpenAsync(lab, LabService.Smtp);
        await dialogue.PlayAsync("S: 220*\nC: NOOP");
        await Assert.ThrowsAsync<IOException>(dialogue.ReadLineAsync);
    }

    [Fact]
    public async Task A_server_that_stops_reading_fills_the_window()
    {
        await using LabServer lab = await StartAsync(Misbehaviour.StopReading("NOOP"));
        await using Dialogue dialogue = await Dialogue.OpenAsync(lab, LabService.Smtp);
        await dialogue.PlayAsync("S: 220*\nC: NOOP");
        Task flood = dialogue.SendAsync(new string('x', 50_000_000));
        await lab.Journal.WhenAsync(journal => journal.Count("NOOP") == 1, Cancelled);
        Assert.False(flood.IsCompleted);
        await lab.DisposeAsync();
        await Assert.ThrowsAsync<IOException>(() => flood);
    }

    [Fact]
    public async Task Latency_is_that_of_a_line_not_of_a_slow_server()
    {
        FakeTimeProvider clock = new();
        await using LabServer lab = await LabServer.StartAsync(
            new LabOptions { Clock = clock, Script = [Misbehaviour.Latency(TimeSpan.FromMilliseconds(20))] }, Cancelled);
        await using Dialogue dialogue = await Dialogue.OpenAsync(lab, LabService.Smtp);
        Task greeting = dialogue.ExpectAsync("220*");
        await lab.Journal.WhenAsync(journal => journal.ConnectionsOpen == 1, Cancelled);
        Assert.False(greeting.IsCompleted);
        while (!greeting.IsCompleted)
        {
            clock.Advance(TimeSpan.FromMilliseconds(20));
            await Task.Yield();
        }
        await greeting;
    }

    [Fact]
    public async Task Octets_can_drip()
    {
        FakeTimeProvider clock = new();
        await using LabServer lab = await LabServer.StartAsync(
            new LabOptions { Clock = clock, Script = [Misbehaviour.Drip(1, TimeSpan.FromSeconds(20))] }, Cancelled);
        await using Dialogue dialogue = await Dialogue.OpenAsync(lab, LabService.Smtp);
        Task greeting = dialogue.ExpectAsync("220 lab.example EmailSync lab ESMTP ready");
        DateTimeOffset start = clock.GetUtcNow();
        while (!greeting.IsCompleted)
        {
            clock.Advance(TimeSpan.FromSeconds(20));
            await Task.Yield();
        }
        await greeting;
        Assert.True(clock.GetUtcNow() - start >= TimeSpan.FromSeconds(20 * 40));
    }

    private static ValueTask<LabServer> StartAsync(params IReadOnlyList<Misbehaviour> script) =>
        LabServer.StartAsync(new LabOptions { Mailboxes = 2, MessagesPerMailbox = 0, Script = script }, Cancelled);

    private static Task SignInAsync(LabServer lab, int mailbox, string verdict) => Dialogue.PlayAsync(lab, LabService.Pop3, $"""
        S: +OK*
        C: USER {lab.Mailboxes[mailbox - 1].Address}
        S: +OK*
        C: PASS {lab.Mailboxes[mailbox - 1].Password}
        S: {verdict}
        C: QUIT
        S: +OK*
        """);

    private static async Task<List<string>> UniqueIdsAsync(LabServer lab)
    {
        await using Dialogue dialogue = await Dialogue.OpenAsync(lab, LabService.Pop3);
        await dialogue.PlayAsync($"""
            S: +OK*
            C: USER user0001@lab.example
            C: PASS {lab.Mailboxes[0].Password}
            S: +OK*
            S: +OK*
            C: UIDL
            S: +OK*
            """);
        List<string> listing = await dialogue.ReadListingAsync();
        await dialogue.PlayAsync("C: QUIT\nS: +OK*\nS: (end)");
        return [.. listing.Select(line => line[(line.IndexOf(' ', StringComparison.Ordinal) + 1)..])];
    }
}
