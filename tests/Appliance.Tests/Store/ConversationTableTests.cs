using System.Text;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store.Sqlite;
using Microsoft.Data.Sqlite;

namespace EmailSync.Appliance.Tests.Store;

/// <summary>What conversations leave in the database.</summary>
public sealed class ConversationTableTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Only_answers_have_a_row_and_what_is_deleted_leaves_none()
    {
        await using SqliteStore store = await OpenAsync();
        MailboxId mailbox = await store.AddMailboxAsync("ada@example.com", Cancellation);
        await store.ReceiveAsync(mailbox, "1", Samples.Message("question"), Cancellation);
        await store.ReceiveAsync(mailbox, "2", Samples.Message("other"), Cancellation);
        await store.ReceiveAsync(mailbox, "3", "In-Reply-To: <question@example.com>\r\n\r\n"u8.ToArray(), Cancellation);
        Assert.Equal((2, 1), (await CountAsync("message_key"), await CountAsync("reply")));

        await store.Emails.DeleteOldAsync(DateTimeOffset.MaxValue, Cancellation);

        Assert.Equal((0, 0), (await CountAsync("message_key"), await CountAsync("reply")));
    }

    [Fact]
    public async Task After_the_largest_number_the_first_is_given_again_and_leads_to_its_newest_conversation()
    {
        MailboxId mailbox;
        await using (SqliteStore store = await OpenAsync())
        {
            mailbox = await store.AddMailboxAsync("ada@example.com", Cancellation);
            await store.Settings.UpdateAsync(new() { UseTrackingTokens = true }, Cancellation);
            await SubmitAsync(store, await store.Outgoing.TakeTrackingNumberAsync(Cancellation));
        }

        await RunAsync($"UPDATE last_tracking_number SET number = {TrackingToken.LargestNumber - 1}");
        await using SqliteStore later = await OpenAsync();
        int largest = await later.Outgoing.TakeTrackingNumberAsync(Cancellation);
        int first = await later.Outgoing.TakeTrackingNumberAsync(Cancellation);
        EmailId newest = await SubmitAsync(later, first);
        EmailId answer = await later.ReceiveAsync(mailbox, "1", Encoding.ASCII.GetBytes($"Subject: Re: {TrackingToken.Append("x", first)}\r\n\r\n"), Cancellation);

        Assert.Equal((TrackingToken.LargestNumber, 1), (largest, first));
        Assert.Equal(newest, (await later.Emails.FindAsync(answer, Cancellation))!.Conversation);

        async Task<EmailId> SubmitAsync(SqliteStore store, int number) => await store.SubmitAsync(
            new(mailbox, "", ["b@example.com"]) { TrackingNumber = number }, "Subject: x\r\n\r\n"u8.ToArray(), Cancellation);
    }

    public void Dispose() => _folder.Dispose();

    private Task<SqliteStore> OpenAsync() => SqliteStore.OpenAsync(new() { DataFolder = _folder.Path }, TimeProvider.System, cancellationToken: Cancellation);

    private async Task<int> CountAsync(string table) => Convert.ToInt32(await RunAsync($"SELECT count(*) FROM {table}"), null);

    private async Task<object?> RunAsync(string sql)
    {
        await using SqliteConnection connection = new($"Data Source={_folder.Combine("emailsync.db")};Pooling=False");
        await connection.OpenAsync(Cancellation);
        await using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        return await command.ExecuteScalarAsync(Cancellation);
    }
}
