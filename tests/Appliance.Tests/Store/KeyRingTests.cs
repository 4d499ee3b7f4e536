using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;
using EmailSync.Appliance.Store.Sqlite;

namespace EmailSync.Appliance.Tests.Store;

/// <summary>The keys that passwords are encrypted under: replaced, and themselves encrypted.</summary>
public sealed class KeyRingTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Rotation_encrypts_every_password_anew_and_deletes_the_old_key()
    {
        await using SqliteStore store = await OpenAsync();
        List<MailboxId> mailboxes = [];
        for (int i = 0; i < 201; i++)
        {
            mailboxes.Add(await store.AddMailboxAsync($"user{i}@example.com", Cancellation));
            await store.Secrets.SetAsync(SecretName.Of(mailboxes[i]), new($"password {i}"), Cancellation);
        }

        string[] before = Keys();
        KeyRotation rotation = await store.Secrets.RotateKeysAsync(Cancellation);
        string[] after = Keys();
        KeyRotation again = await store.Secrets.RotateKeysAsync(Cancellation);

        Assert.Equal((201, 1), (rotation.Secrets, rotation.RetiredKeys));
        Assert.Empty(before.Intersect(after));
        Assert.Equal((201, 1), (again.Secrets, again.RetiredKeys));
        await store.DisposeAsync();
        await using SqliteStore reopened = await OpenAsync();
        for (int i = 0; i < mailboxes.Count; i += 50)
            Assert.Equal($"password {i}", (await reopened.Secrets.RevealAsync(SecretName.Of(mailboxes[i]), Cancellation))!.Value.Reveal());
    }

    [Fact]
    public async Task A_password_that_cannot_be_decrypted_stops_the_rotation_before_a_key_is_deleted()
    {
        await using SqliteStore store = await OpenAsync();
        MailboxId one = await store.AddMailboxAsync("one@example.com", Cancellation);
        await store.Secrets.SetAsync(SecretName.Of(one), new("x"), Cancellation);
        await store.DisposeAsync();
        foreach (string key in Keys())
            File.Move(Path.Combine(KeyFolder, key), Path.Combine(KeyFolder, key + ".lost"));

        await using SqliteStore reopened = await OpenAsync();
        await Assert.ThrowsAsync<StorageException>(async () => await reopened.Secrets.RotateKeysAsync(Cancellation));
        Assert.NotEmpty(Keys());
    }

    [Theory]
    [InlineData("master key")]
    [InlineData("certificate")]
    public async Task Keys_can_be_encrypted_themselves(string kind)
    {
        KeyProtection protection = kind == "master key" ? new() { MasterKeyFile = await MasterKeyAsync() } : new() { CertificateFile = await CertificateAsync() };
        MailboxId mailbox;
        await using (SqliteStore plain = await OpenAsync())
        {
            mailbox = await plain.AddMailboxAsync("ada@example.com", Cancellation);
            await plain.Secrets.SetAsync(SecretName.Of(mailbox), new("secret"), Cancellation);
            Assert.Contains("<value>", await ContentAsync(), StringComparison.Ordinal);
        }

        await using (SqliteStore turnedOn = await OpenAsync(protection))
        {
            Assert.Equal("secret", (await turnedOn.Secrets.RevealAsync(SecretName.Of(mailbox), Cancellation))!.Value.Reveal());
            await turnedOn.Secrets.RotateKeysAsync(Cancellation);
        }

        Assert.DoesNotContain("<value>", await ContentAsync(), StringComparison.Ordinal);
        await using (SqliteStore later = await OpenAsync(protection))
            Assert.Equal("secret", (await later.Secrets.RevealAsync(SecretName.Of(mailbox), Cancellation))!.Value.Reveal());
        await using SqliteStore without = await OpenAsync();
        await Assert.ThrowsAsync<StorageException>(async () => await without.Secrets.RevealAsync(SecretName.Of(mailbox), Cancellation));
    }

    [Fact]
    public async Task A_master_key_that_is_too_short_or_missing_is_named()
    {
        string file = _folder.Combine("short");
        await File.WriteAllTextAsync(file, "short", Cancellation);
        Assert.Contains("5 octets", (await Assert.ThrowsAsync<DataFolderException>(() => OpenAsync(new() { MasterKeyFile = file }))).Message, StringComparison.Ordinal);
        Assert.Contains("nowhere", (await Assert.ThrowsAsync<DataFolderException>(() => OpenAsync(new() { MasterKeyFile = _folder.Combine("nowhere") }))).Message, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private string KeyFolder => _folder.Combine("data/keys");

    private string[] Keys() => [.. Directory.GetFiles(KeyFolder, "*.xml").Select(file => Path.GetFileName(file))];

    private async Task<string> ContentAsync() => string.Concat(await Task.WhenAll(Keys().Select(key => File.ReadAllTextAsync(Path.Combine(KeyFolder, key), Cancellation))));

    private Task<SqliteStore> OpenAsync(KeyProtection? protection = null) => SqliteStore.OpenAsync(
        new() { DataFolder = _folder.Combine("data"), KeyProtection = protection }, TimeProvider.System, cancellationToken: Cancellation);

    private async Task<string> MasterKeyAsync()
    {
        string file = _folder.Combine("master");
        await File.WriteAllBytesAsync(file, RandomNumberGenerator.GetBytes(32), Cancellation);
        return file;
    }

    private async Task<string> CertificateAsync()
    {
        using RSA key = RSA.Create(2048);
        CertificateRequest request = new("CN=keys", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using X509Certificate2 certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(30));
        string file = _folder.Combine("keys.pem");
        await File.WriteAllTextAsync(file, certificate.ExportCertificatePem() + "\n" + key.ExportPkcs8PrivateKeyPem(), Cancellation);
        return file;
    }
}
