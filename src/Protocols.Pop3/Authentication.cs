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
        RequireSendable(dialogue, name, password);
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
        RequireSendable(dialogue, name, sharedSecret);
        // RFC 6856 section 2.2 would have them prepared by SASLprep first, which the base library does not have.
        if (!Ascii.IsValid(name) || !Ascii.IsValid(sharedSecret.Reveal()))
            throw new ArgumentException("APOP takes names and secrets in ASCII only; nothing was sent. Use AUTH");
        byte[] digest = MD5.HashData(Encoding.UTF8.GetBytes(timestamp + sharedSecret.Reveal()));
        Deadline deadline = new("response to the sign-in", dialogue.Options.AuthenticationTimeout);
        (await dialogue.AskAsync($"APOP {name} {new Secret(Convert.ToHexStringLower(digest))}", deadline, cancellationToken)).EnsurePositive("APOP");
    }

    public static async ValueTask AuthenticateAsync(Dialogue dialogue, SaslMechanism mechanism, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(mechanism);
        if (mechanism.Strength < MechanismStrength.Proving)
            RequireEncryption(dialogue, $"AUTH {mechanism.Name} gives away");
        IReadOnlySet<string>? announced = dialogue.Capabilities?.SaslMechanisms;
        if (dialogue.Capabilities is not null && announced?.Contains(mechanism.Name) != true)
        {
            string offer = announced is null ? "no AUTH at all" : ServerText.Show(Encoding.Latin1.GetBytes(string.Join(", ", announced)));
            throw new NotSupportedException($"The server does not announce AUTH {mechanism.Name}; it announces {offer}");
        }
        await new SaslExchange(dialogue, mechanism).RunAsync(mayRespondAtOnce: announced is not null, cancellationToken);
    }

    private static void RequireEncryption(Dialogue dialogue, string what)
    {
        if (!dialogue.Wire.IsEncrypted && !dialogue.Options.AllowCleartextPasswords)
            throw new EncryptionRequiredException(
                $"{what} a secret, and the connection is not encrypted. Use implicit TLS or STLS; nothing was sent");
    }

    /// <summary>
    /// Both are looked at before either is sent: half a sign-in is none. The line writer would refuse a control octet too, but only when
    /// USER has gone out already.
    /// </summary>
    private static void RequireSendable(Dialogue dialogue, string name, Secret password)
    {
        string secret = password.Reveal();
        if (secret.Length == 0)
            throw new ArgumentException("The password is empty", nameof(password));
        if (name.Any(char.IsControl) || secret.Any(char.IsControl))
            throw new ArgumentException("The name or the password holds a control character, which would end or corrupt the command; nothing was sent");
        // RFC 6856 section 2.2.
        if ((!Ascii.IsValid(name) || !Ascii.IsValid(secret)) && dialogue.Capabilities is not { HasUtf8User: true })
            throw new ArgumentException("The name or the password is not ASCII, which the server does not announce to take (UTF8 USER); use AUTH PLAIN");
        int longest = "PASS ".Length + Math.Max(Encoding.UTF8.GetByteCount(name), Encoding.UTF8.GetByteCount(secret)) + "\r\n".Length;
        if (longest > Dialogue.MaxCommandLine)
            throw new ArgumentException($"A command would be {longest} octets long; {Dialogue.MaxCommandLine} is the limit (RFC 2449 section 4). Use AUTH PLAIN");
    }
}
