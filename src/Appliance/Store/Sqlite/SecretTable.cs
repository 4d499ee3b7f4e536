using System.Security.Cryptography;
using System.Text;
using EmailSync.Appliance.Model;
using Microsoft.AspNetCore.DataProtection;
using Secret = EmailSync.Protocols.Wire.Secret;

namespace EmailSync.Appliance.Store.Sqlite;

/// <summary>
/// The table of passwords, which holds ciphertexts only. The purpose of each encryption is the secret's owner and kind, so a ciphertext
/// that is moved to another row cannot be decrypted there. What protects the keys is <see cref="KeyRing"/>: their files' mode, no more.
/// </summary>
internal sealed class SecretTable : ISecrets
{
    private const string Purpose = "EmailSync.Secret";

    private readonly Database _database;
    private readonly IDataProtectionProvider _keys;

    public SecretTable(Database database, string keyRingFolder)
    {
        _database = database;
        _keys = DataProtectionProvider.Create(new DirectoryInfo(keyRingFolder), builder => builder
            .SetApplicationName("EmailSync")
            .AddKeyManagementOptions(options => options.XmlRepository = new KeyRing(keyRingFolder)));
    }

    public async ValueTask SetAsync(SecretName name, Secret secret, CancellationToken cancellationToken)
    {
        byte[] ciphertext = Protect(name, secret);
        await _database.WriteAsync(connection =>
        {
            RequireOwner(connection, name.Owner);
            return connection.Prepare("""
                INSERT INTO secret (owner, kind, ciphertext) VALUES ($owner, $kind, $ciphertext)
                ON CONFLICT DO UPDATE SET ciphertext = excluded.ciphertext
                """).With("$owner", name.Owner).With("$kind", (int)name.Kind).With("$ciphertext", ciphertext).Execute();
        }, cancellationToken);
    }

    public ValueTask<bool> IsSetAsync(SecretName name, CancellationToken cancellationToken) =>
        _database.ReadAsync(connection => Select(connection, name).Any(), cancellationToken);

    public async ValueTask<Secret?> RevealAsync(SecretName name, CancellationToken cancellationToken)
    {
        byte[]? ciphertext = await _database.ReadAsync(
            connection => Select(connection, name).First(row => row.Octets()), cancellationToken);
        if (ciphertext is null)
            return null;
        try
        {
            return new(Encoding.UTF8.GetString(Protector(name).Unprotect(ciphertext)));
        }
        catch (CryptographicException failure)
        {
            throw new StorageException(
                $"The password of {name.Owner} cannot be decrypted: the key ring is not the one it was written under. "
                + "Restore the keys folder that belongs to this database, or set the password again.",
                failure);
        }
    }

    public ValueTask<bool> ForgetAsync(SecretName name, CancellationToken cancellationToken) =>
        _database.WriteAsync(
            connection => connection.Prepare("DELETE FROM secret WHERE owner = $owner AND kind = $kind")
                .With("$owner", name.Owner).With("$kind", (int)name.Kind).Execute() > 0,
            cancellationToken);

    /// <summary>Forgets every password of an owner that is being deleted. Returns how many.</summary>
    public static int ForgetAll(Connection connection, string owner) =>
        connection.Prepare("DELETE FROM secret WHERE owner = $owner").With("$owner", owner).Execute();

    // Checked in the same transaction, so that no password outlives its owner.
    private static void RequireOwner(Connection connection, string owner)
    {
        if (MailboxId.TryParse(owner, null, out MailboxId mailbox))
            MailboxTable.Require(connection, mailbox);
        else if (ProfileId.TryParse(owner, null, out ProfileId profile))
            ProfileTable.Require(connection, profile);
        else
            throw new NotStoredException($"owner '{owner}' of a password");
    }

    private static Statement Select(Connection connection, SecretName name) =>
        connection.Prepare("SELECT ciphertext FROM secret WHERE owner = $owner AND kind = $kind")
            .With("$owner", name.Owner).With("$kind", (int)name.Kind);

    private byte[] Protect(SecretName name, Secret secret)
    {
        try
        {
            return Protector(name).Protect(Encoding.UTF8.GetBytes(secret.Reveal()));
        }
        catch (CryptographicException failure)
        {
            throw new StorageException($"The password of {name.Owner} cannot be encrypted: the key ring cannot be read or written.", failure);
        }
    }

    private IDataProtector Protector(SecretName name) => _keys.CreateProtector(Purpose, name.Owner, name.Kind.ToString());
}
