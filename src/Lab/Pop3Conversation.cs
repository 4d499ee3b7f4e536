using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace EmailSync.Lab;

/// <summary>The server's side of POP3 (RFC 1939, 2449, 2595, 3206, 5034) on one connection.</summary>
internal sealed class Pop3Conversation(LabServer lab, LabConnection connection)
{
    private static readonly string[] Verbs =
    [
        "RETR", "DELE", "TOP", "UIDL", "LIST", "STAT", "QUIT", "USER", "PASS", "CAPA", "NOOP", "RSET", "STLS", "AUTH", "APOP", "UTF8",
    ];

    private readonly string _timestamp = $"<{connection.Number}.{lab.Options.Seed}@{lab.Options.Domain}>";
    private string? _userName;
    private LabMailbox? _mailbox;
    private Pop3Maildrop? _maildrop;

    public async Task RunAsync()
    {
        connection.LetGo = LetGo;
        try
        {
            await connection.ReplyAsync($"+OK EmailSync lab POP3 ready {_timestamp}");
            while (await connection.ReadLineAsync())
            {
                string verb = VerbOf(connection.Line.Span);
                Record(verb);
                if (connection.HasMoreInput && !Offers("PIPELINING"))
                    lab.Journal.Violation(connection, $"pipelined behind {verb} without PIPELINING");
                if (await connection.IsStruckAsync(verb, line: true))
                    continue;
                if (verb == "QUIT")
                {
                    await QuitAsync();
                    return;
                }
                await (_maildrop is null ? InAuthorizationAsync(verb) : InTransactionAsync(_maildrop, verb));
            }
        }
        finally
        {
            LetGo();
        }
    }

    private void LetGo()
    {
        _mailbox?.Unlock();
        _mailbox = null;
    }

    private async ValueTask InAuthorizationAsync(string verb)
    {
        switch (verb)
        {
            case "CAPA":
                await CapabilitiesAsync();
                break;
            case "STLS" when Offers("STLS") && !connection.IsEncrypted:
                await connection.ReplyAsync("+OK begin TLS negotiation");
                await connection.EncryptAsync();
                _userName = null;
                break;
            case "UTF8" when Offers("UTF8"):
                await connection.ReplyAsync("+OK UTF8 enabled");
                break;
            case "USER" or "PASS" or "AUTH" or "APOP" when !connection.IsEncrypted && !lab.Options.AllowAuthenticationInClear:
                await connection.ReplyAsync("-ERR [AUTH] plaintext authentication is not permitted without TLS");
                break;
            case "USER" when Offers("USER"):
                _userName = Argument();
                await connection.ReplyAsync("+OK send your password");
                break;
            case "PASS" when _userName is not null:
                await SignInAsync(new LabSignIn.Credentials(_userName, Argument()));
                break;
            case "APOP":
                await ApopAsync();
                break;
            case "AUTH" when Offers("SASL"):
                await AuthenticateAsync();
                break;
            default:
                await RefuseAsync(verb, "not valid before signing in");
                break;
        }
    }

    private async ValueTask InTransactionAsync(Pop3Maildrop maildrop, string verb)
    {
        switch (verb)
        {
            case "CAPA":
                await CapabilitiesAsync();
                break;
            case "NOOP":
                await connection.ReplyAsync("+OK");
                break;
            case "RSET":
                maildrop.Reset();
                await connection.ReplyAsync("+OK deletion marks removed");
                break;
            case "STAT":
                await maildrop.StatAsync();
                break;
            case "LIST":
                await maildrop.ListAsync(Argument());
                break;
            case "UIDL" when Offers("UIDL"):
                await maildrop.ListUniqueIdsAsync(Argument());
                break;
            case "RETR":
                await maildrop.RetrieveAsync(connection.Line[4..]);
                break;
            case "TOP" when Offers("TOP"):
                await maildrop.TopAsync(Argument());
                break;
            case "DELE":
                await maildrop.DeleteAsync(connection.Line[4..]);
                break;
            default:
                await RefuseAsync(verb, "not valid after signing in");
                break;
        }
    }

    private async ValueTask QuitAsync()
    {
        if (_maildrop is not null)
            lab.Journal.Event(connection, "removed", _maildrop.Update());
        LetGo();
        await connection.ReplyAsync("+OK bye");
    }

    private async ValueTask CapabilitiesAsync()
    {
        if (connection.IsHidden("CAPA"))
        {
            await connection.ReplyAsync("-ERR unknown command");
            return;
        }
        StringBuilder listing = new("+OK capabilities follow");
        foreach (string capability in lab.Options.Pop3Capabilities)
        {
            string keyword = LabServer.KeywordOf(capability);
            if (!connection.IsHidden(keyword) && (keyword != "STLS" || (!connection.IsEncrypted && _maildrop is null)))
                listing.Append("\r\n").Append(capability);
        }
        if (lab.Options.LoginDelay is { } delay && !connection.IsHidden("LOGIN-DELAY"))
            listing.Append(CultureInfo.InvariantCulture, $"\r\nLOGIN-DELAY {delay.TotalSeconds:F0}");
        await connection.ReplyAsync(listing.Append("\r\n.").ToString());
    }

    private async ValueTask ApopAsync()
    {
        string[] arguments = Argument().Split(' ');
        LabMailbox? mailbox = lab.Find(arguments[0]);
#pragma warning disable CA5351 // APOP is MD5 by definition (RFC 1939 section 7); the lab offers it so that clients can show they avoid it.
        byte[] digest = MD5.HashData(Encoding.UTF8.GetBytes(_timestamp + mailbox?.Password));
#pragma warning restore CA5351
        bool isRight = arguments.Length == 2 && arguments[1] == Convert.ToHexStringLower(digest);
        await SignInAsync(new LabSignIn.Credentials(arguments[0], isRight ? mailbox?.Password ?? "" : ""));
    }

    private async ValueTask AuthenticateAsync()
    {
        string[] arguments = Argument().Split(' ', 2);
        string mechanism = arguments[0].ToUpperInvariant();
        if (!LabSignIn.Knows(mechanism))
        {
            await connection.ReplyAsync("-ERR unknown mechanism");
            return;
        }
        string? initialResponse = arguments.Length > 1 ? arguments[1] : null;
        if (await LabSignIn.ExchangeAsync(connection, mechanism, initialResponse, "+ ") is { } credentials)
            await SignInAsync(credentials);
        else
            await connection.ReplyAsync("-ERR authentication exchange cancelled or malformed");
    }

    private async ValueTask SignInAsync(LabSignIn.Credentials given)
    {
        _userName = null;
        connection.UserName = given.UserName;
        if (await connection.IsStruckAsync(Misbehaviour.SigningIn))
        {
            lab.Journal.Event(connection, "sign-in refused");
            return;
        }
        LabMailbox? mailbox = lab.Find(given.UserName);
        if (!LabSignIn.IsRight(mailbox, given))
        {
            connection.UserName = null;
            lab.Journal.Event(connection, "sign-in refused");
            await connection.ReplyAsync("-ERR [AUTH] wrong user name or password");
        }
        else if (lab.Options.LoginDelay is { } delay && !mailbox!.MaySignIn(lab.Options.Clock.GetUtcNow(), delay))
        {
            lab.Journal.Event(connection, "sign-in refused");
            await connection.ReplyAsync("-ERR [LOGIN-DELAY] too soon after the last sign-in");
        }
        else if (mailbox!.TryLock() is not { } messages)
        {
            lab.Journal.Event(connection, "sign-in refused");
            await connection.ReplyAsync("-ERR [IN-USE] the maildrop is locked by another session");
        }
        else
        {
            _mailbox = mailbox;
            foreach (Oddity oddity in lab.Script.OdditiesOf(connection).Where(oddity => oddity.ShownOneIn != 1))
                messages = [.. messages.Where(message => oddity.ShownOneIn > 0 && message.Identity % (uint)oddity.ShownOneIn == 0)];
            _maildrop = new Pop3Maildrop(lab, connection, mailbox, messages);
            lab.Journal.Event(connection, "signed in");
            await connection.ReplyAsync($"+OK {messages.Length} messages");
        }
    }

    private ValueTask RefuseAsync(string verb, string why) => connection.ReplyAsync(
        Verbs.Contains(verb) ? $"-ERR {verb} is {why}, or not offered" : "-ERR unknown command");

    private bool Offers(string keyword) => lab.Pop3Keywords.Contains(keyword) && !connection.IsHidden(keyword);

    private string Argument()
    {
        string line = connection.LineText;
        int space = line.IndexOf(' ', StringComparison.Ordinal);
        return space < 0 ? "" : line[(space + 1)..];
    }

    private void Record(string verb) => lab.Journal.Command(connection, verb, () =>
    {
        string line = connection.LineText;
        return verb switch
        {
            "PASS" => "PASS ***",
            "APOP" or "AUTH" when line.Split(' ') is { Length: > 2 } words => $"{words[0]} {words[1]} ***",
            _ => line,
        };
    });

    private static string VerbOf(ReadOnlySpan<byte> line)
    {
        int space = line.IndexOf((byte)' ');
        ReadOnlySpan<byte> word = space < 0 ? line : line[..space];
        foreach (string verb in Verbs)
        {
            if (Ascii.EqualsIgnoreCase(word, verb))
                return verb;
        }
        return Encoding.UTF8.GetString(word).ToUpper(CultureInfo.InvariantCulture);
    }
}
