using System.Diagnostics;
using EmailSync.Appliance.OneShot;

namespace EmailSync.Appliance.Tests.OneShot;

/// <summary>What a kill leaves behind at each step, and what the next run makes of it: nothing lost, nothing twice.</summary>
public sealed class FetchInterruptionTests
{
    private const int Messages = 150; // more than two deliveries

    public static TheoryData<string, string, int> Kills()
    {
        TheoryData<string, string, int> kills = [];
        foreach (string kind in new[] { "maildir", "mbox" })
        {
            foreach (string step in new[] { "begun", "written", "completed", "prepared", "recorded", "published" })
            {
                foreach (int nth in new[] { 1, 3 })
                    kills.Add(kind, step, step is "prepared" or "recorded" or "published" ? nth : nth * 40);
            }
        }
        return kills;
    }

    [Theory, MemberData(nameof(Kills))]
    public async Task Killed(string kind, string step, int nth)
    {
        await using FetchBench bench = await FetchBench.StartAsync(Messages);
        string destination = kind == "maildir" ? bench.Maildir : $"mbox:{bench.MboxFile}";
        string kept = bench.Folder.Path + ".kept";
        KillSwitch? killSwitch = null;

        // The files as they are at that moment are what a kill leaves: they are copied, the run goes on, and then they are put back.
        await bench.RunAsync(destination, through: plain => killSwitch = new(plain, step, nth, () => Copy(bench.Folder.Path, kept)));
        Assert.True(killSwitch!.HasStruck);
        Directory.Delete(bench.Folder.Path, recursive: true);
        Directory.Move(kept, bench.Folder.Path);

        await bench.RunAsync(destination);

        string[] messages = kind == "maildir"
            ? Array.ConvertAll(bench.MaildirFiles(), File.ReadAllText)
            : File.ReadAllText(bench.MboxFile).Split("\nFrom ");
        Assert.Equal(Messages, messages.Length);
        Assert.Equal(Messages, messages.Select(FetchBench.MessageId).Distinct().Count());
        if (kind == "maildir")
            Assert.Empty(Directory.GetFiles(Path.Combine(bench.Folder["mail"], "tmp")));
        Assert.Equal(Messages, (await bench.RunAsync(destination)).AlreadyThere);
    }

    [Fact]
    public async Task A_message_that_was_published_and_read_away_before_the_next_run_does_not_come_back()
    {
        await using FetchBench bench = await FetchBench.StartAsync(3);
        string kept = bench.Folder.Path + ".kept";
        await bench.RunAsync(bench.Maildir, through: plain => new KillSwitch(plain, "published", 1, () => Copy(bench.Folder.Path, kept)));
        Directory.Delete(bench.Folder.Path, recursive: true);
        Directory.Move(kept, bench.Folder.Path);
        foreach (string file in bench.MaildirFiles())
            File.Delete(file);

        Assert.Equal(0, (await bench.RunAsync(bench.Maildir)).Stored);
    }

    [Theory, InlineData(66, true), InlineData(66, false), InlineData(110, true), InlineData(110, false)]
    public async Task What_others_have_appended_to_an_mbox_after_a_kill_is_never_cut_away(int completed, bool beginsItsOwnLine)
    {
        await using FetchBench bench = await FetchBench.StartAsync(Messages);
        string destination = $"mbox:{bench.MboxFile}";
        string kept = bench.Folder.Path + ".kept";
        await bench.RunAsync(destination, through: plain => new KillSwitch(plain, "completed", completed, () => Copy(bench.Folder.Path, kept)));
        Directory.Delete(bench.Folder.Path, recursive: true);
        Directory.Move(kept, bench.Folder.Path);
        await File.AppendAllTextAsync(
            bench.MboxFile,
            (beginsItsOwnLine ? "\n" : "") + "From other@example.com Thu Jan  1 00:00:00 1970\nSubject: foreign\n\ntext\n\n",
            TestContext.Current.CancellationToken);
        string before = await File.ReadAllTextAsync(bench.MboxFile, TestContext.Current.CancellationToken);

        ToolException refused = await Assert.ThrowsAsync<ToolException>(() => bench.RunAsync(destination));

        Assert.Contains("somebody else wrote behind it", refused.Message, StringComparison.Ordinal);
        Assert.Equal(before, await File.ReadAllTextAsync(bench.MboxFile, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task What_others_append_after_a_run_that_ended_early_is_safe()
    {
        await using FetchBench bench = await FetchBench.StartAsync(
            10, new EmailSync.Lab.Strike(EmailSync.Lab.Misbehaviour.InContent) { Message = 6, AfterOctets = 700, Then = EmailSync.Lab.Outcome.Reset, Times = 1 });
        string destination = $"mbox:{bench.MboxFile}";
        await Assert.ThrowsAnyAsync<IOException>(() => bench.RunAsync(destination));
        const string Foreign = "From other@example.com Thu Jan  1 00:00:00 1970\nSubject: foreign\n\ntext\n\n";
        await File.AppendAllTextAsync(bench.MboxFile, Foreign, TestContext.Current.CancellationToken);

        await bench.RunAsync(destination);

        string mbox = await File.ReadAllTextAsync(bench.MboxFile, TestContext.Current.CancellationToken);
        Assert.Contains(Foreign, mbox, StringComparison.Ordinal);
        Assert.Equal(11, mbox.Split("\nFrom ").Length);
    }

    // Not by File.Copy, which asks for the locks that the run holds.
    private static void Copy(string from, string to)
    {
        using Process copying = Process.Start("cp", ["-R", from, to]);
        copying.WaitForExit();
        Assert.Equal(0, copying.ExitCode);
    }

    /// <summary>Does something just once, right after the nth time that a step was taken.</summary>
    private sealed class KillSwitch(IDestination destination, string step, int nth, Action strike) : IDestination
    {
        private int _count;

        public bool HasStruck { get; private set; }

        public string Name => destination.Name;

        public void Open(FetchState? state) => destination.Open(state);

        public bool Holds(MessageKey key) => destination.Holds(key);

        public void Begin()
        {
            destination.Begin();
            After("begun");
        }

        public void Write(ReadOnlySpan<byte> octets)
        {
            destination.Write(octets[..(octets.Length / 2)]);
            After("written");
            destination.Write(octets[(octets.Length / 2)..]);
        }

        public void Discard() => destination.Discard();

        public void Complete(MessageKey key, long octets)
        {
            destination.Complete(key, octets);
            After("completed");
        }

        public async Task<long?> PrepareAsync(CancellationToken cancellationToken)
        {
            long? offset = await destination.PrepareAsync(cancellationToken);
            After("prepared");
            return offset;
        }

        public void Publish()
        {
            After("recorded");
            destination.Publish();
            After("published");
        }

        public void Dispose() => destination.Dispose();

        private void After(string taken)
        {
            if (taken != step || ++_count != nth)
                return;
            HasStruck = true;
            strike();
        }
    }
}
