using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;
using EmailSync.Appliance.Store.Sqlite;
using Microsoft.Data.Sqlite;

namespace EmailSync.Appliance.Tests.Store;

/// <summary>What old databases hold must mean the same for ever: whoever breaks one of these needs a migration.</summary>
public sealed class StoredFormTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(typeof(EmailState), "Received=0 HeadersOnly=1 PendingSend=2 Sending=3 Sent=4 Failed=5 Uncertain=6 Canceled=7 Bounced=8")]
    [InlineData(typeof(RecipientState), "Pending=0 Accepted=1 Failed=2 Bounced=3")]
    [InlineData(typeof(EmailPriority), "Low=0 Normal=1 High=2")]
    [InlineData(typeof(EmailStatus), "NotRun=0 Success=1 Failure=2")]
    [InlineData(typeof(EmailApproval), "Empty=0 Approved=1 Pending=2 Rejected=3")]
    [InlineData(typeof(MailboxKind), "User=0 Queue=1")]
    [InlineData(typeof(DeliveryMethod), "None=0 ServerSideSynchronization=1")]
    [InlineData(typeof(TlsMode), "Implicit=0 StartTls=1 None=2")]
    [InlineData(typeof(CredentialRetrieval), "UserOrQueue=0 Profile=1 WindowsIntegrated=3 Anonymous=4")]
    [InlineData(typeof(AuthenticationProtocol),
        "AutoDetect=0 Negotiate=1 Ntlm=2 Basic=3 OAuth=4 Apop=100 CramMd5=101 ScramSha1=102 ScramSha256=103 Plain=104 Login=105")]
    [InlineData(typeof(ProfileState), "Active=0 Inactive=1")]
    [InlineData(typeof(WhenUncertain), "Resend=0 Hold=1")]
    [InlineData(typeof(AlertLevel), "Information=0 Warning=1 Error=2")]
    [InlineData(typeof(AlertScope), "Message=0 Mailbox=1 Profile=2 Host=3 Appliance=4")]
    [InlineData(typeof(SecretKind), "Incoming=0 Outgoing=1")]
    public void The_numbers_of_an_enumeration_do_not_change(Type enumeration, string stored)
    {
        IEnumerable<string> members = Enum.GetValuesAsUnderlyingType(enumeration).Cast<int>().Order()
            .Select(value => $"{Enum.GetName(enumeration, value)}={value}");
        // New ones may come behind.
        Assert.StartsWith(stored, string.Join(' ', members), StringComparison.Ordinal);
    }

    [Fact]
    public void A_unique_id_is_the_same_two_numbers_for_ever() =>
        Assert.Equal(new(0xF9F574BBD6079766, 0x9A35BC01E4BD6B9A), UniqueIdHash.Of("whqtswO00WBw418f9t5JxYwZ"u8));

    [Fact]
    public void Recipients_of_the_first_version_are_read() =>
        Assert.Equal(
            [new("bob@example.com", RecipientState.Failed, 550, "5.1.1", "no"), new("eve@example.com")],
            RecipientsColumn.Read("""
                [
                    {"address":"bob@example.com","state":2,"replyCode":550,"enhancedCode":"5.1.1","replyText":"no"},
                    {"address":"eve@example.com","state":0}
                ]
                """));

    [Fact]
    public async Task Settings_of_the_first_version_are_read()
    {
        using TemporaryFolder folder = new();
        await (await OpenAsync(folder)).DisposeAsync();
        await ExecuteAsync(folder, """
            INSERT INTO settings VALUES (1, 5, '{
                "version":5,"defaultProfile":{"value":7},"defaultIncomingEmail":0,"defaultOutgoingEmail":0,
                "approvalRequiredForUsers":false,"approvalRequiredForQueues":false}')
            """);
        await using SqliteStore store = await OpenAsync(folder);

        Settings expected = new()
        {
            Version = 5,
            DefaultProfile = new(7),
            DefaultIncomingEmail = DeliveryMethod.None,
            DefaultOutgoingEmail = DeliveryMethod.None,
            ApprovalRequiredForUsers = false,
            ApprovalRequiredForQueues = false,
        };
        Assert.Equal(expected, await store.Settings.ReadAsync(Cancellation));
    }

    [Fact]
    public async Task Settings_that_this_version_does_not_understand_are_an_error_and_no_default()
    {
        using TemporaryFolder folder = new();
        await (await OpenAsync(folder)).DisposeAsync();
        await ExecuteAsync(folder, """INSERT INTO settings VALUES (1, 5, '{"version":5,"renamed":true}')""");
        await using SqliteStore store = await OpenAsync(folder);
        await Assert.ThrowsAsync<System.Text.Json.JsonException>(async () => await store.Settings.ReadAsync(Cancellation));
    }

    private static Task<SqliteStore> OpenAsync(TemporaryFolder folder) =>
        SqliteStore.OpenAsync(new() { DataFolder = folder.Path }, TimeProvider.System, cancellationToken: Cancellation);

    private static async Task ExecuteAsync(TemporaryFolder folder, string sql)
    {
        await using SqliteConnection connection = new($"Data Source={folder.Combine("emailsync.db")};Pooling=False");
        await connection.OpenAsync(Cancellation);
        await using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync(Cancellation);
    }
}
