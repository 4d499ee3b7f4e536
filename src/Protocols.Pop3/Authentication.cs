using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using EmailSync.Protocols.Wire;
using EmailSync.Protocols.Wire.Sasl;

namespace EmailSync.Protocols.Pop3;

/// <summary>The ways into a maildrop, as exchanges: USER and PASS, APOP, AUTH.</summary>
internal static class Authentication
{
    public static async ValueTask LogInAsync(Dialogue dialogue, string name, Secret password, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        RequireEncryption(dialogue, "USER and PASS send");
        RequireAscii(dialogue, name, password);
        if (password.Reveal().Length == 0)
            throw new ArgumentException("The password is empty", nameof(password));
        Deadline deadline = new("response to the sign-in", dialogue.Options.AuthenticationTimeout);
        (await dialogue.AskAsync($"USER {name}", deadline, cancellationToken)).EnsurePositive("USER");
        (await dialogue.AskAsync($"PASS {password}", deadline, cancellationToken)).EnsurePositive("PASS");
    }

    [SuppressMessage("Security", "CA5351", Justification = "APOP is MD5 (RFC 1939 section 7); it is opt-in, and only inside TLS")]
    public static async ValueTask ApopAsync(
        Dialogue dialogue, string timestamp, string name, Secret sharedSecret, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        RequireEncryption(dialogue, "APOP gives away");
        RequireAscii(dialogue, name, sharedSecret);
        byte[] digest = MD5.HashData(Encoding.UTF8.GetBytes(timestamp + sharedSecret.Reveal()));
        Deadline deadline = new("response to the sign-in", dialogue.Options.AuthenticationTimeout);
        (await dialogue.AskAsync($"APOP {name} {new Secret(Convert.ToHexStringLower(digest))}", deadline, cancellationToken)).EnsurePositive("APOP");
    }

    public static async ValueTask AuthenticateAsync(Dialogue dialogue, SaslMechanism mechanism, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(mechanism);
        RequireEncryption(dialogue, $"AUTH {mechanism.Name} sends");
        IReadOnlySet<string>? announced = dialogue.Capabilities?.SaslMechanisms;
        if (dialogue.Capabilities is not null && announced?.Contains(mechanism.Name) != true)
            throw new NotSupportedException(
                $"The server does not announce AUTH {mechanism.Name}; it announces {(announced is null ? "no AUTH at all" : string.Join(", ", announced))}");
        await new SaslExchange(dialogue, mechanism).RunAsync(mayRespondAtOnce: announced is not null, cancellationToken);
    }

    private static void RequireEncryption(Dialogue dialogue, string what)
    {
        if (!dialogue.Wire.IsEncrypted && !dialogue.Options.AllowCleartextPasswords)
            throw new EncryptionRequiredException(
                $"{what} a secret, and the connection is not encrypted. Use implicit TLS or STLS; nothing was sent");
    }

    /// <summary>RFC 6856 section 2.2.</summary>
    private static void RequireAscii(Dialogue dialogue, string name, Secret password)
    {
        if ((!Ascii.IsValid(name) || !Ascii.IsValid(password.Reveal())) && dialogue.Capabilities is not { HasUtf8User: true })
            throw new ArgumentException("The name or the password is not ASCII, which the server does not announce to take (UTF8 USER); use AUTH PLAIN");
    }
}
