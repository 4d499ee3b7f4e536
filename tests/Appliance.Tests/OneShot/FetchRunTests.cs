using System.Security.Cryptography;
using System.Text;
using EmailSync.Appliance.OneShot;
using EmailSync.Lab;

namespace EmailSync.Appliance.Tests.OneShot;

/// <summary>What a run of fetch brings, and what a second one does not bring again.</summary>
public sealed class FetchRunTests
{
    [Fact]
    public async Task A_Maildir_gets_each_message_as_it_was_received()
    {
        await using FetchBench bench = await FetchBench.StartAsync(messages: 0);
        byte[] message = Encoding.ASCII.GetBytes("Subject: dots\r\n\r\n.\r\n..\r\nFrom here\r\n");
        bench.Server.Deliver(bench.Mailbox.Address, message);

        FetchReport report = await bench.RunAsync(bench.Maildir);

        string file = Assert.Single(bench.MaildirFiles());
        Assert.Equal(message, await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken));
        Assert.Equal((1, 1, message.Length), (report.Listed, report.Stored, report.Octets));
        FetchedMessage fetched = Assert.Single(report.Messages);
        Assert.Equal(bench.Mailbox.UniqueIds[0], fetched.UniqueId);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(message)), fetched.Sha256);
    }

    [Fact]
    public async Task An_mbox_gets_quoted_messages_with_From_lines()
    {
        await using FetchBench bench = await FetchBench.StartAsync(messages: 0);
        bench.Server.Deliver(bench.Mailbox.Address, "Return-Path: <sender@example.com>\r\nSubject: one\r\n\r\nFrom here\r\n"u8);
        bench.Server.Deliver(bench.Mailbox.Address, "Subject: two\r\n\r\nno sender\r\n"u8);

        await bench.RunAsync($"mbox:{bench.MboxFile}");

        string[] lines = await File.ReadAllLinesAsync(bench.MboxFile, TestContext.Current.CancellationToken);
        Assert.Matches(@"^From sender@example\.com (Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}$", lines[0]);
        Assert.Equal(["Return-Path: <sender@example.com>", "Subject: one", "", ">From here", ""], lines[1..6]);
        Assert.StartsWith("From MAILER-DAEMON ", lines[6], StringComparison.Ordinal);
        Assert.Equal(["Subject: two", "", "no sender", ""], lines[7..]);
    }

    [Theory, InlineData("maildir"), InlineData("mbox"), InlineData("null")]
    public async Task A_second_run_brings_only_what_is_new(string kind)
    {
        await using FetchBench bench = await FetchBench.StartAsync(messages: 100);
        string destination = kind switch { "maildir" => bench.Maildir, "mbox" => $"mbox:{bench.MboxFile}", _ => "null:" };
        await bench.RunAsync(destination);
        bench.Server.DeliverGenerated(bench.Mailbox.Address, 3);

        FetchReport second = await bench.RunAsync(destination);
        FetchReport third = await bench.RunAsync(destination);

        Assert.Equal((103, 3, 100), (second.Listed, second.Stored, second.AlreadyThere));
        Assert.Equal((103, 0, 103), (third.Listed, third.Stored, third.AlreadyThere));
    }

    [Fact]
    public async Task A_Maildir_knows_its_messages_without_a_state_file_wherever_a_reader_has_moved_them()
    {
        await using FetchBench bench = await FetchBench.StartAsync(messages: 10);
        await bench.RunAsync(bench.Maildir, withState: false);
        foreach (string file in bench.MaildirFiles()[..5])
            File.Move(file, Path.Combine(bench.Folder["mail"], "cur", Path.GetFileName(file) + ":2,RS"));

        FetchReport second = await bench.RunAsync(bench.Maildir, withState: false);

        Assert.Equal((0, 10), (second.Stored, second.AlreadyThere));
    }

    [Fact]
    public async Task With_a_state_file_what_a_reader_has_deleted_stays_deleted()
    {
        await using FetchBench bench = await FetchBench.StartAsync(messages: 10);
        await bench.RunAsync(bench.Maildir);
        foreach (string file in bench.MaildirFiles())
            File.Delete(file);

        Assert.Equal(0, (await bench.RunAsync(bench.Maildir)).Stored);
    }

    [Fact]
    public async Task Only_so_many_are_fetched_and_the_rest_next_time()
    {
        await using FetchBench bench = await FetchBench.StartAsync(messages: 10);

        FetchReport first = await bench.RunAsync(bench.Maildir, limit: 4);
        FetchReport second = await bench.RunAsync(bench.Maildir, limit: 40);

        Assert.Equal((4, 6), (first.Stored, first.Left));
        Assert.Equal((6, 0), (second.Stored, second.Left));
    }

    [Fact]
    public async Task What_is_durable_is_deleted_on_the_server_if_asked_for_and_also_what_an_earlier_run_left()
    {
        await using FetchBench bench = await FetchBench.StartAsync(messages: 10);
        await bench.RunAsync(bench.Maildir, limit: 4);
        Assert.Equal(10, bench.Mailbox.MessageCount);

        FetchReport report = await bench.RunAsync(bench.Maildir, delete: true);

        Assert.Equal((6, 4, 10), (report.Stored, report.AlreadyThere, report.Deleted));
        Assert.Equal(0, bench.Mailbox.MessageCount);
    }

    [Fact]
    public async Task A_message_that_the_server_refuses_is_left_and_named()
    {
        await using FetchBench bench = await FetchBench.StartAsync(3, new Strike("RETR") { Argument = "RETR 2", Text = "-ERR no such message" });

        FetchReport report = await bench.RunAsync(bench.Maildir, delete: true);

        Assert.Equal((2, 1, 2), (report.Stored, report.Refused, report.Deleted));
        Assert.Equal("no such message", report.Messages.Single(message => message.Result == FetchResult.Refused).Refusal);
        Assert.Equal(1, bench.Mailbox.MessageCount);
    }

    [Theory]
    [InlineData(UniqueIdStyle.AllTheSame), InlineData(UniqueIdStyle.Empty), InlineData(UniqueIdStyle.OddOctets), InlineData(UniqueIdStyle.TooLong)]
    public async Task Whatever_the_server_lists_nothing_is_fetched_into_the_destination_twice(UniqueIdStyle style)
    {
        await using FetchBench bench = await FetchBench.StartAsync(10, new Oddity { UniqueIdStyle = style });

        FetchReport first = await bench.RunAsync(bench.Maildir);
        FetchReport second = await bench.RunAsync(bench.Maildir);

        Assert.Equal((10, 0), (first.Stored, second.Stored));
        Assert.Equal(10, bench.MaildirFiles().Length);
    }

    [Fact]
    public async Task Without_unique_ids_messages_are_known_by_their_content()
    {
        await using FetchBench bench = await FetchBench.StartAsync(10, new Oddity { Hidden = "UIDL" });

        FetchReport first = await bench.RunAsync($"mbox:{bench.MboxFile}");
        long length = new FileInfo(bench.MboxFile).Length;
        FetchReport second = await bench.RunAsync($"mbox:{bench.MboxFile}");

        Assert.Equal((10, 0, 10), (first.Stored, second.Stored, second.AlreadyThere));
        Assert.Equal(length, new FileInfo(bench.MboxFile).Length);
    }

    [Theory, InlineData("maildir"), InlineData("mbox")]
    public async Task A_connection_lost_in_the_middle_keeps_what_came_whole_and_deletes_nothing(string kind)
    {
        await using FetchBench bench = await FetchBench.StartAsync(
            10, new Strike(Misbehaviour.InContent) { Message = 6, AfterOctets = 700, Then = Outcome.Reset, Times = 1 });
        string destination = kind == "maildir" ? bench.Maildir : $"mbox:{bench.MboxFile}";

        await Assert.ThrowsAnyAsync<IOException>(() => bench.RunAsync(destination, delete: true));
        Assert.Equal(10, bench.Mailbox.MessageCount);
        FetchReport second = await bench.RunAsync(destination, delete: true);

        Assert.Equal((5, 5), (second.Stored, second.AlreadyThere));
        string[] messages = kind == "maildir"
            ? Array.ConvertAll(bench.MaildirFiles(), File.ReadAllText)
            : File.ReadAllText(bench.MboxFile).Split("\nFrom ");
        Assert.Equal(10, messages.Select(FetchBench.MessageId).Distinct().Count());
        Assert.Equal(10, messages.Length);
    }

    [Theory, InlineData("maildir"), InlineData("mbox")]
    public async Task A_flush_that_failed_is_not_tried_again_and_nothing_of_it_counts(string kind)
    {
        await using FetchBench bench = await FetchBench.StartAsync(100);
        string destination = kind == "maildir" ? bench.Maildir : $"mbox:{bench.MboxFile}";

        ToolException failed = await Assert.ThrowsAsync<ToolException>(
            () => bench.RunAsync(destination, delete: true, through: plain => new FailingDestination(plain, failsAt: 2)));
        Assert.Equal(("storage", "No space left on device"), (failed.Code, failed.Message));
        Assert.Equal(100, bench.Mailbox.MessageCount);

        FetchReport second = await bench.RunAsync(destination, delete: true);
        Assert.Equal((36, 64, 100), (second.Stored, second.AlreadyThere, second.Deleted));
    }

    [Fact]
    public async Task A_folder_of_something_else_is_left_alone()
    {
        await using FetchBench bench = await FetchBench.StartAsync(1);
        Directory.CreateDirectory(bench.Folder["mail"]);
        await File.WriteAllTextAsync(Path.Combine(bench.Folder["mail"], "photo.jpg"), "", TestContext.Current.CancellationToken);

        IOException refused = await Assert.ThrowsAsync<IOException>(() => bench.RunAsync(bench.Maildir));
        Assert.Contains("not a Maildir", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_mbox_that_does_not_end_in_a_blank_line_gets_one_first()
    {
        await using FetchBench bench = await FetchBench.StartAsync(0);
        bench.Server.Deliver(bench.Mailbox.Address, "Subject: new\r\n\r\ntext\r\n"u8);
        await File.WriteAllTextAsync(bench.MboxFile, "From x Thu Jan  1 00:00:00 1970\nSubject: old\n\nno end", TestContext.Current.CancellationToken);

        await bench.RunAsync($"mbox:{bench.MboxFile}");

        Assert.Contains("no end\n\nFrom MAILER-DAEMON ", await File.ReadAllTextAsync(bench.MboxFile, TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }
}
