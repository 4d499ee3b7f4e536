using System.Security.Cryptography;
using System.Text;
using EmailSync.Appliance.Model;
using Microsoft.AspNetCore.DataProtection;
using Secret = EmailSync.Protocols.Wire.Secret;

namespace EmailSync.Appliance.Store.Sqlite;

/// <summary>
/// The table of passwords, which holds ciphertexts only. The purpose of each encryption is the secret's owner and kind, so a ciphertext
/// that is moved to another row cannot be decrypted there. What protects the keys is in <see cref="KeyRing"/>.
/// </summary>
internal sealed class SecretTable : ISecrets
{
    private const string Purpose = "EmailSync.Secret";

    // Data Protection begins each ciphertext with four octets that name it, and the key's id.
    private const int KeyIdOffset = 4;
    private const int KeyIdLength = 16;
    private const int Page = 200;

    private readonly Database _database;
    private readonly KeyRing _ring;
    private readonly KeyProtection? _protection;
    private volatile IDataProtectionProvider _keys;

    public SecretTable(Database database, KeyRing ring, KeyProtection? protection)
    {
        (_database, _ring, _protection) = (database, ring, protection);
        _keys = ring.Open(protection).Provider;
    }

    public ValueTask<bool> SetAsync(SecretName name, Secret secret, CancellationToken cancellationToken, Secret? inPlaceOf = null) =>
        _database.WriteAsync(connection =>
        {
            RequireOwner(connection, name.Owner);
            if (inPlaceOf is { } used && Select(connection, name).First(row => row.Octets()) is var stored && (stored is null || Unprotect(name, stored).Reveal() != used.Reveal()))
                return false;
            Set(connection, name, secret);
            return true;
        }, cancellationToken);

    /// <summary>Stores secrets of one owner. Encrypted by the writer, so that a rotation knows when the last one under an old key has been written.</summary>
    public void Set(Connection connection, string owner, IReadOnlyList<GivenSecret> secrets)
    {
        foreach (GivenSecret given in secrets)
            Set(connection, new(owner, given.Kind), given.Secret);
    }

    public ValueTask<bool> IsSetAsync(SecretName name, CancellationToken cancellationToken) =>
        _database.ReadAsync(connection => Select(connection, name).Any(), cancellationToken);

    public async ValueTask<Secret?> RevealAsync(SecretName name, CancellationToken cancellationToken)
    {
        byte[]? ciphertext = await _database.ReadAsync(
            connection => Select(connection, name).First(row => row.Octets()), cancellationToken);
        if (ciphertext is null)
            return null;
        return Unprotect(name, ciphertext);
    }

    public async ValueTask<KeyRotation> RotateKeysAsync(CancellationToken cancellationToken)
    {
        // Data Protection judges its keys by the system's clock.
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        Guid current = _ring.Open(_protection).Manager.CreateNewKey(now, now + KeyRing.KeyLifetime).KeyId;
        // A provider that is open goes on with the key that it knows for a while; a new one begins with the new key.
        _keys = _ring.Open(_protection).Provider;
        await _database.WriteAsync(_ => 0, cancellationToken); // what was encrypted before this line is in the table after it
        int renewed = 0;
        await foreach ((SecretName name, byte[] ciphertext) in AllAsync(cancellationToken))
        {
            if (KeyOf(ciphertext) == current)
                continue;
            Secret secret = Unprotect(name, ciphertext);
            byte[] anew = Protect(name, secret);
            // A password that was set in between is under the new key already.
            renewed += await _database.WriteAsync(
                connection => connection.Prepare("UPDATE secret SET ciphertext = $new WHERE owner = $owner AND kind = $kind AND ciphertext = $old")
                    .With("$new", anew).With("$old", ciphertext).With("$owner", name.Owner).With("$kind", (int)name.Kind).Execute(),
                cancellationToken);
        }

        HashSet<Guid> needed = [current];
        await foreach ((SecretName _, byte[] ciphertext) in AllAsync(cancellationToken))
            needed.Add(KeyOf(ciphertext));
        return new(renewed, _ring.DeleteAllBut(needed));
    }

    /// <summary>Under which key a ciphertext is.</summary>
    public static Guid KeyOf(ReadOnlySpan<byte> ciphertext) => new(ciphertext.Slice(KeyIdOffset, KeyIdLength));

    /// <summary>Forgets every password of an owner that is being deleted. Returns how many.</summary>
    public static int ForgetAll(Connection connection, string owner) =>
        connection.Prepare("DELETE FROM secret WHERE owner = $owner").With("$owner", owner).Execute();

    /// <summary>Forgets a password.</summary>
    public static void Forget(Connection connection, SecretName name) =>
        connection.Prepare("DELETE FROM secret WHERE owner = $owner AND kind = $kind")
            .With("$owner", name.Owner).With("$kind", (int)name.Kind).Execute();

    private void Set(Connection connection, SecretName name, Secret secret) => connection.Prepare("""
        INSERT INTO secret (owner, kind, ciphertext) VALUES ($owner, $kind, $ciphertext)
        ON CONFLICT DO UPDATE SET ciphertext = excluded.ciphertext
        """).With("$owner", name.Owner).With("$kind", (int)name.Kind).With("$ciphertext", Protect(name, secret)).Execute();

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

    private async IAsyncEnumerable<(SecretName Name, byte[] Ciphertext)> AllAsync(
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        (string owner, long kind) = ("", -1);
        List<(SecretName Name, byte[] Ciphertext)> page;
        do
        {
            page = await _database.ReadAsync(
                connection => connection.Prepare("""
                    SELECT owner, kind, ciphertext FROM secret WHERE (owner, kind) > ($owner, $kind) ORDER BY owner, kind LIMIT $limit
                    """)
                    .With("$owner", owner).With("$kind", kind).WithLimit(Page)
                    .All(row => (new SecretName(row.Text(), (SecretKind)row.Int()), row.Octets())),
                cancellationToken);
            foreach ((SecretName Name, byte[] Ciphertext) secret in page)
                yield return secret;
            if (page.Count > 0)
                (owner, kind) = (page[^1].Name.Owner, (long)page[^1].Name.Kind);
        }
        while (page.Count == Page);
    }

    private Secret Unprotect(SecretName name, byte[] ciphertext)
    {
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
