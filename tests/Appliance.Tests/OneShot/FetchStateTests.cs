using EmailSync.Appliance.OneShot;

namespace EmailSync.Appliance.Tests.OneShot;

public sealed class FetchStateTests : IDisposable
{
    private static readonly MessageKey One = MessageKey.OfUniqueId("account", "1");
    private static readonly MessageKey Two = MessageKey.OfUniqueId("account", "2");

    private readonly TemporaryFolder _folder = new();

    private string File => _folder["state"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_was_recorded_is_known_to_the_next_run()
    {
        using (FetchState state = FetchState.Open(File, "maildir:/mail"))
            state.Record([One], endOffset: null);

        using FetchState next = FetchState.Open(File, "maildir:/mail");
        Assert.True(next.Knows(One));
        Assert.False(next.Knows(Two));
    }

    [Fact]
    public void A_file_cut_off_at_any_octet_knows_what_was_whole_and_can_be_written_on()
    {
        using (FetchState state = FetchState.Open(File, "maildir:/mail"))
        {
            state.Record([One], endOffset: null);
            state.Record([Two], endOffset: null);
        }
        byte[] whole = System.IO.File.ReadAllBytes(File);
        int title = Array.IndexOf(whole, (byte)'\n') + 1;
        int first = title + MessageKey.Digits + 2;
        for (int length = 0; length <= whole.Length; length++)
        {
            System.IO.File.WriteAllBytes(File, whole[..length]);

            using (FetchState state = FetchState.Open(File, "maildir:/mail"))
            {
                Assert.Equal((length >= first, length == whole.Length), (state.Knows(One), state.Knows(Two)));
                state.Record([Two], endOffset: null);
            }
            using FetchState next = FetchState.Open(File, "maildir:/mail");
            Assert.Equal((length >= first, true), (next.Knows(One), next.Knows(Two)));
        }
    }

    [Fact]
    public void Messages_of_an_mbox_count_once_their_end_is_written_too()
    {
        using (FetchState state = FetchState.Open(File, "mbox:/mail"))
        {
            state.Begin(100, "From a Thu Jan  1 00:00:00 1970");
            state.Begin(200, "From b Thu Jan  1 00:00:00 1970");
            state.Record([One, Two], endOffset: 300);
        }
        string whole = System.IO.File.ReadAllText(File);
        System.IO.File.WriteAllText(File, whole[..^"=300\n".Length]);

        using FetchState cut = FetchState.Open(File, "mbox:/mail");

        Assert.False(cut.Knows(One));
        Assert.Equal(100, cut.InterruptedAt);
        Assert.Equal([100L, 200L], cut.BegunMessages.Keys.Order());
        Assert.Equal("From b Thu Jan  1 00:00:00 1970", cut.BegunMessages[200]);
    }

    [Fact]
    public void A_state_file_is_for_one_destination()
    {
        FetchState.Open(File, "maildir:/mail").Dispose();

        ToolException refused = Assert.Throws<ToolException>(() => FetchState.Open(File, "mbox:/mail"));
        Assert.True(refused.IsUsage);
        Assert.Contains("belongs to maildir:/mail", refused.Message, StringComparison.Ordinal);
    }

    [Theory, InlineData("a letter to somebody\n"), InlineData("emailsync-fetch 1 maildir:/mail\n+xyz\n")]
    public void A_file_that_is_something_else_is_left_alone(string content)
    {
        System.IO.File.WriteAllText(File, content);

        Assert.Throws<InvalidDataException>(() => FetchState.Open(File, "maildir:/mail"));
        Assert.Equal(content, System.IO.File.ReadAllText(File));
    }

    [Fact]
    public void Two_runs_at_once_are_refused()
    {
        using FetchState state = FetchState.Open(File, "maildir:/mail");

        Assert.Throws<IOException>(() => FetchState.Open(File, "maildir:/mail"));
    }
}
