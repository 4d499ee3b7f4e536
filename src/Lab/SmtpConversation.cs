using System.Globalization;
using System.Text;

namespace EmailSync.Lab;

/// <summary>
/// The server's side of SMTP on one connection: RFC 5321 with SIZE, PIPELINING, 8BITMIME, SMTPUTF8, CHUNKING, BINARYMIME, DSN
/// parameters, REQUIRETLS, enhanced status codes, STARTTLS and AUTH.
/// </summary>
internal sealed class SmtpConversation(LabServer lab, LabConnection connection)
{
    private const int MostRecipients = 1000;
    private const int LongestCommand = 12288;

    // What may not be followed by another command in one group (RFC 2920 section 3.1), content aside.
    private static readonly string[] EndsAGroup = ["EHLO", "HELO", "DATA", "VRFY", "EXPN", "QUIT", "NOOP", "STARTTLS"];

    private bool _isGreeted;
    private bool _isSignedIn;
    private SmtpTransaction? _transaction;
    private int _messages;

    public async Task RunAsync()
    {
        await connection.ReplyAsync($"220 {lab.Options.Domain} EmailSync lab ESMTP ready");
        while (await connection.ReadLineAsync())
        {
            string line = connection.LineText;
            string verb = line.Split(' ')[0].ToUpper(CultureInfo.InvariantCulture);
            lab.Journal.Command(connection, verb, () => Masked(line));
            NoteViolations(verb);
            if (line.Length > LongestCommand)
                await ReplyAsync(SmtpReply.LineTooLong);
            else if (!await connection.IsStruckAsync(verb, line: true))
                await PerformAsync(verb, line.Length > verb.Length ? line[(verb.Length + 1)..] : "");
            if (verb == "QUIT")
                return;
        }
    }

    private async ValueTask PerformAsync(string verb, string argument)
    {
        switch (verb)
        {
            case "EHLO" or "HELO":
                await GreetAsync(verb, argument);
                break;
            case "STARTTLS" when Offers("STARTTLS") && !connection.IsEncrypted:
                await StartTlsAsync(argument);
                break;
            case "AUTH" when Offers("AUTH"):
                await AuthenticateAsync(argument);
                break;
            case "MAIL":
                await ReplyAsync(Mail(argument));
                break;
            case "RCPT":
                await ReplyAsync(Rcpt(argument));
                break;
            case "DATA":
                await DataAsync();
                break;
            case "BDAT" when Offers("CHUNKING"):
                await BdatAsync(argument);
                break;
            case "RSET":
                _transaction = null;
                await ReplyAsync(SmtpReply.Ok);
                break;
            default:
                await ReplyAsync(verb switch
                {
                    "NOOP" => SmtpReply.Ok,
                    "QUIT" => SmtpReply.Bye,
                    "VRFY" => SmtpReply.CannotVerify,
                    "HELP" => SmtpReply.Help,
                    "EXPN" or "STARTTLS" or "AUTH" or "BDAT" => SmtpReply.NotImplemented,
                    _ => SmtpReply.Unrecognised,
                });
                break;
        }
    }

    private async ValueTask GreetAsync(string verb, string name)
    {
        if (name.Length == 0 || connection.IsHidden(verb))
        {
            await ReplyAsync(name.Length == 0 ? SmtpReply.BadSyntax : SmtpReply.NotImplemented);
            return;
        }
        _isGreeted = true;
        _transaction = null;
        List<string> lines = [lab.Options.Domain];
        if (verb == "EHLO")
            lines.AddRange(lab.Options.SmtpExtensions.Where(extension => Offers(LabServer.KeywordOf(extension))).Select(Completed));
        IEnumerable<string> reply = lines.Select((text, index) => (index < lines.Count - 1 ? "250-" : "250 ") + text);
        await connection.ReplyAsync(string.Join("\r\n", reply));
    }

    private async ValueTask StartTlsAsync(string argument)
    {
        if (argument.Length > 0)
        {
            await ReplyAsync(SmtpReply.BadSyntax);
            return;
        }
        await ReplyAsync(SmtpReply.StartTls);
        await connection.EncryptAsync();
        _isGreeted = _isSignedIn = false;
        _transaction = null;
    }

    private async ValueTask AuthenticateAsync(string argument)
    {
        string[] arguments = argument.Split(' ', 2);
        string mechanism = arguments[0].ToUpperInvariant();
        SmtpReply? refusal =
            !_isGreeted || _isSignedIn || _transaction is not null ? SmtpReply.BadSequence
            : !LabSignIn.Knows(mechanism) ? SmtpReply.UnknownMechanism
            : !connection.IsEncrypted && !lab.Options.AllowAuthenticationInClear ? SmtpReply.EncryptFirst
            : null;
        if (refusal is { } refused)
        {
            await ReplyAsync(refused);
            return;
        }
        string? initialResponse = arguments.Length > 1 ? arguments[1] : null;
        if (await LabSignIn.ExchangeAsync(connection, mechanism, initialResponse, "334 ") is not { } given)
        {
            await ReplyAsync(SmtpReply.ExchangeEnded);
            return;
        }
        connection.UserName = given.UserName;
        if (await connection.IsStruckAsync(Misbehaviour.SigningIn))
        {
            lab.Journal.Event(connection, "sign-in refused");
            return;
        }
        _isSignedIn = LabSignIn.IsRight(lab.Find(given.UserName), given);
        if (!_isSignedIn)
            connection.UserName = null;
        lab.Journal.Event(connection, _isSignedIn ? "signed in" : "sign-in refused");
        await ReplyAsync(_isSignedIn ? SmtpReply.SignedIn : SmtpReply.WrongCredentials);
    }

    private SmtpReply Mail(string argument)
    {
        if (!_isGreeted || _transaction is not null)
            return SmtpReply.BadSequence;
        if (lab.Options.RequireAuthentication && !_isSignedIn)
            return SmtpReply.SignInFirst;
        if (SmtpPath.Parse(argument, "FROM:") is not { } path)
            return SmtpReply.BadSyntax;
        foreach (string parameter in path.Parameters)
        {
            string[] halves = parameter.Split('=', 2);
            string extension = halves[0].ToUpperInvariant() switch
            {
                "SIZE" => "SIZE",
                "BODY" => parameter.EndsWith("=BINARYMIME", StringComparison.OrdinalIgnoreCase) ? "BINARYMIME" : "8BITMIME",
                "SMTPUTF8" => "SMTPUTF8",
                "AUTH" => "AUTH",
                "RET" or "ENVID" => "DSN",
                "REQUIRETLS" => "REQUIRETLS",
                _ => "",
            };
            if (!Offers(extension))
                return SmtpReply.UnknownParameter;
            if (extension == "SIZE" && (!long.TryParse(halves[^1], NumberStyles.None, CultureInfo.InvariantCulture, out long size)
                || size > lab.Options.MaxMessageOctets))
                return SmtpReply.TooBig;
        }
        bool isSmtpUtf8 = path.Parameters.Contains("SMTPUTF8", StringComparer.OrdinalIgnoreCase);
        if (!isSmtpUtf8 && !Ascii.IsValid(path.Address))
            return SmtpReply.NeedsSmtpUtf8;
        _transaction = new SmtpTransaction(path.Address, isSmtpUtf8, path.Parameters);
        return SmtpReply.SenderOk;
    }

    private SmtpReply Rcpt(string argument)
    {
        if (_transaction is null)
            return SmtpReply.BadSequence;
        if (SmtpPath.Parse(argument, "TO:") is not { Address.Length: > 0 } path)
            return SmtpReply.BadSyntax;
        if (path.Parameters.Any(parameter => parameter.Split('=')[0].ToUpperInvariant() is not ("NOTIFY" or "ORCPT")
            || !Offers("DSN")))
            return SmtpReply.UnknownParameter;
        if (!_transaction.IsSmtpUtf8 && !Ascii.IsValid(path.Address))
            return SmtpReply.NeedsSmtpUtf8;
        if (lab.IsLocal(path.Address) && lab.Find(path.Address) is null)
            return SmtpReply.NoSuchUser;
        if (_transaction.ForwardPaths.Count == MostRecipients)
            return SmtpReply.TooManyRecipients;
        _transaction.ForwardPaths.Add(path.Address);
        _transaction.Parameters.AddRange(path.Parameters);
        return SmtpReply.RecipientOk;
    }

    private async ValueTask DataAsync()
    {
        if (_transaction is not { IsChunked: false } transaction || transaction.ForwardPaths.Count == 0)
        {
            await ReplyAsync(_transaction is { IsChunked: false } ? SmtpReply.NoRecipients : SmtpReply.BadSequence);
            return;
        }
        // Binary content may hold what would end it (RFC 3030 section 3).
        if (transaction.Parameters.Contains("BODY=BINARYMIME", StringComparer.OrdinalIgnoreCase))
        {
            await ReplyAsync(SmtpReply.BadSequence);
            return;
        }
        await ReplyAsync(SmtpReply.StartContent);
        if (await new SmtpContent(lab, connection, ++_messages).ReadUntilDotAsync(transaction))
            await FinishAsync(transaction);
    }

    private async ValueTask BdatAsync(string argument)
    {
        string[] words = argument.Split(' ');
        if (!long.TryParse(words[0], NumberStyles.None, CultureInfo.InvariantCulture, out long size)
            || words.Length > 2 || (words.Length == 2 && !words[1].Equals("LAST", StringComparison.OrdinalIgnoreCase)))
        {
            await ReplyAsync(SmtpReply.BadSyntax);
            return;
        }
        // The octets follow whatever the reply will be (RFC 3030 section 2).
        SmtpTransaction chunk = _transaction ?? new SmtpTransaction("", false, []);
        if (!chunk.IsChunked)
            _messages++;
        chunk.IsChunked = true;
        if (!await new SmtpContent(lab, connection, _messages).ReadAsync(chunk, size))
            return;
        if (chunk.ForwardPaths.Count == 0)
            await ReplyAsync(_transaction is null ? SmtpReply.BadSequence : SmtpReply.NoRecipients);
        else if (words.Length == 2)
            await FinishAsync(chunk);
        else
            await ReplyAsync(SmtpReply.Ok);
    }

    private async ValueTask FinishAsync(SmtpTransaction transaction)
    {
        _transaction = null;
        if (await connection.IsStruckAsync(Misbehaviour.FinalDot))
            return;
        if (transaction.Octets > lab.Options.MaxMessageOctets)
        {
            await ReplyAsync(SmtpReply.TooBig);
            return;
        }
        ReadOnlyMemory<byte> content = transaction.Content.WrittenMemory;
        lab.Accept(
            new SubmittedMessage(
                transaction.ReversePath, transaction.ForwardPaths, transaction.Parameters,
                lab.Options.KeepContent ? content : default, transaction.Octets, connection.UserName,
                connection.IsEncrypted, transaction.IsChunked, connection.Number),
            content.Span);
        lab.Journal.Event(connection, "accepted");
        await ReplyAsync(SmtpReply.Ok);
    }

    private ValueTask ReplyAsync(SmtpReply reply) => connection.ReplyAsync(
        reply.Status.Length > 0 && Offers("ENHANCEDSTATUSCODES")
            ? $"{reply.Code} {reply.Status} {reply.Text}"
            : $"{reply.Code} {reply.Text}");

    private void NoteViolations(string verb)
    {
        if (connection.HasMoreInput && verb != "BDAT" && (!Offers("PIPELINING") || EndsAGroup.Contains(verb)))
            lab.Journal.Violation(connection, $"sent more behind {verb} before its reply");
    }

    private bool Offers(string keyword) => lab.SmtpKeywords.Contains(keyword) && !connection.IsHidden(keyword)
        && (keyword != "STARTTLS" || !connection.IsEncrypted)
        && (keyword != "REQUIRETLS" || connection.IsEncrypted)
        && (keyword != "AUTH" || connection.IsEncrypted || lab.Options.AllowAuthenticationInClear);

    private string Completed(string extension) =>
        extension == "SIZE" ? string.Create(CultureInfo.InvariantCulture, $"SIZE {lab.Options.MaxMessageOctets}") : extension;

    private static string Masked(string line) =>
        line.Split(' ') is ["AUTH" or "auth" or "Auth", string mechanism, ..] ? $"AUTH {mechanism} ***" : line;
}
