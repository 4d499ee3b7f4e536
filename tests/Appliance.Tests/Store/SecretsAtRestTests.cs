using System.Text;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;
using EmailSync.Appliance.Store.Sqlite;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Time.Testing;

namespace EmailSync.Appliance.Tests.Store;

/// <summary>What who steals the disk, or only the database, can read.</summary>
public sealed class SecretsAtRestTests : IAsyncLifetime
{
    private const string Canary = "canary-Pa55word-in-a-coal-mine";

    private readonly TemporaryFolder _folder = new();
    private SqliteStore _store = null!;
    private SecretName _ofMailbox;
    private SecretName _ofProfile;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _store = await OpenAsync();
        MailboxId mailbox = await _store.AddMailboxAsync("ada@example.com", Cancellation);
        _ofMailbox = SecretName.Of(mailbox);
        _ofProfile = SecretName.Of((await _store.Mailboxes.FindAsync(mailbox, Cancellation))!.Profile, SecretKind.Incoming);
        await _store.Secrets.SetAsync(_ofMailbox, new(Canary), Cancellation);
        await _store.Secrets.SetAsync(_ofProfile, new(Canary), Cancellation);
    }

    [Fact]
    public async Task No_file_holds_a_password_in_any_form()
    {
        Assert.Equal(Canary, (await _store.Secrets.RevealAsync(_ofMailbox, Cancellation))?.Reveal());
        AssertNoCanary();
        await _store.Secrets.SetAsync(_ofMailbox, new("another"), Cancellation);
        await _store.DisposeAsync();
        AssertNoCanary();
        _store = await OpenAsync();
        AssertNoCanary();
    }

    [Fact]
    public async Task The_search_for_the_password_would_find_it()
    {
        foreach (byte[] form in Forms(Canary))
        {
            await File.WriteAllBytesAsync(_folder.Combine("leak"), [1, 2, 3, .. form, 4, 5, 6], Cancellation);
            Assert.ThrowsAny<Xunit.Sdk.XunitException>(AssertNoCanary);
        }
    }

    [Fact]
    public async Task A_ciphertext_that_was_moved_to_another_owner_or_kind_reveals_nothing()
    {
        await ExecuteAsync(
            "UPDATE secret SET ciphertext = (SELECT ciphertext FROM secret WHERE owner LIKE 'prf%') WHERE owner LIKE 'mbx%'");
        await ExecuteAsync("INSERT INTO secret SELECT owner, 1, ciphertext FROM secret WHERE owner LIKE 'prf%'");

        await AssertUnreadableAsync(_ofMailbox);
        await AssertUnreadableAsync(_ofProfile with { Kind = SecretKind.Outgoing });
        Assert.Equal(Canary, (await _store.Secrets.RevealAsync(_ofProfile, Cancellation))?.Reveal());
    }

    [Fact]
    public async Task Without_its_key_ring_the_database_reveals_nothing_until_the_password_is_set_again()
    {
        await _store.DisposeAsync();
        Directory.Delete(_folder.Combine("keys"), recursive: true);
        _store = await OpenAsync();

        await AssertUnreadableAsync(_ofMailbox);
        Assert.True(await _store.Secrets.IsSetAsync(_ofMailbox, Cancellation));
        await _store.Secrets.SetAsync(_ofMailbox, new("new"), Cancellation);
        Assert.Equal("new", (await _store.Secrets.RevealAsync(_ofMailbox, Cancellation))?.Reveal());
    }

    [Fact]
    public async Task A_key_ring_that_cannot_be_read_is_a_storage_error()
    {
        await _store.DisposeAsync();
        await File.WriteAllTextAsync(Assert.Single(Directory.GetFiles(_folder.Combine("keys"))), "no XML", Cancellation);
        _store = await OpenAsync();

        await AssertUnreadableAsync(_ofMailbox);
        await Assert.ThrowsAsync<StorageException>(async () => await _store.Secrets.SetAsync(_ofMailbox, new(Canary), Cancellation));
    }

    public async ValueTask DisposeAsync()
    {
        await _store.DisposeAsync();
        _folder.Dispose();
    }

    private Task<SqliteStore> OpenAsync() =>
        SqliteStore.OpenAsync(new() { DataFolder = _folder.Path }, new FakeTimeProvider(), cancellationToken: Cancellation);

    private async Task AssertUnreadableAsync(SecretName name)
    {
        StorageException failure = await Assert.ThrowsAsync<StorageException>(
            async () => await _store.Secrets.RevealAsync(name, Cancellation));
        Assert.Contains(name.Owner, failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Canary, failure.ToString(), StringComparison.Ordinal);
    }

    private void AssertNoCanary()
    {
        string[] files = Directory.GetFiles(_folder.Path, "*", SearchOption.AllDirectories);
        Assert.True(files.Length >= 3);
        foreach (string file in files.Where(file => !file.EndsWith(".lock", StringComparison.Ordinal)))
        {
            using FileStream stream = new(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            byte[] octets = new byte[stream.Length];
            stream.ReadExactly(octets);
            foreach (byte[] form in Forms(Canary))
                Assert.True(octets.AsSpan().IndexOf(form) < 0, $"{file} holds the password.");
        }
    }

    /// <summary>In UTF-8, in UTF-16 of both orders, in hexadecimal of both cases, and in base64 from each of the three places it can begin at.</summary>
    private static IEnumerable<byte[]> Forms(string secret)
    {
        byte[] octets = Encoding.UTF8.GetBytes(secret);
        yield return octets;
        yield return Encoding.Unicode.GetBytes(secret);
        yield return Encoding.BigEndianUnicode.GetBytes(secret);
        yield return Encoding.ASCII.GetBytes(Convert.ToHexString(octets));
        yield return Encoding.ASCII.GetBytes(Convert.ToHexStringLower(octets));
        for (int before = 0; before < 3; before++)
        {
            // The first and the last characters depend on the octets around the secret.
            string encoded = Convert.ToBase64String([.. new byte[before], .. octets, 0, 0]);
            yield return Encoding.ASCII.GetBytes(encoded[4..(encoded.Length / 4 * 4 - 8)]);
        }
    }

    private async Task ExecuteAsync(string sql)
    {
        await using SqliteConnection connection = new($"Data Source={_folder.Combine("emailsync.db")};Pooling=False");
        await connection.OpenAsync(Cancellation);
        await using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        Assert.True(await command.ExecuteNonQueryAsync(Cancellation) > 0);
    }
}
