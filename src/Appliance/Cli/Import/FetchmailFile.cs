using System.Collections.Frozen;
using System.Globalization;
using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Cli.Import;

/// <summary>
/// Reads a .fetchmailrc. Of its options those are taken that say where mailboxes are and whether they are emptied; the others speak of
/// delivery, which is not done here. A word that fetchmail does not have is an error.
/// </summary>
internal sealed class FetchmailFile
{
    private static readonly FrozenSet<string> Flags = new[]
    {
        "dns", "checkalias", "uidl", "tracepolls", "ssl", "sslcertck", "keep", "flush", "limitflush", "fetchall", "rewrite", "stripcr", "forcecr",
        "pass8bits", "dropstatus", "dropdelivered", "mimedecode", "idle", "lmtp", "envelope",
    }.ToFrozenSet();

    private static readonly FrozenSet<string> Valued = new[]
    {
        "proto", "protocol", "via", "port", "service", "auth", "authenticate", "timeout", "interval", "envelope", "qvirtual", "interface", "monitor", "plugin", "plugout",
        "principal", "esmtpname", "esmtppassword", "badheader", "bad-header", "retrieve-error", "user", "username", "pass", "password", "smtpaddress", "smtpname", "mda", "bsmtp",
        "preconnect", "postconnect", "limit", "warnings", "batchlimit", "fetchlimit", "fetchsizelimit", "fastuidl", "expunge", "properties",
        "sslcert", "sslkey", "sslproto", "sslcertfile", "sslcertpath", "sslcommonname", "sslfingerprint", "sslcrlfile",
    }.ToFrozenSet();

    private static readonly FrozenSet<string> Lists = new[] { "is", "to", "aka", "localdomains", "folder", "smtphost", "smtp", "fetchdomains", "antispam" }.ToFrozenSet();

    private static readonly FrozenSet<string> Heads = new[] { "poll", "server", "skip", "defaults", "set" }.ToFrozenSet();

    private readonly List<FetchmailWord> _words;
    private readonly List<(Entry Entry, string? Name)> _users = [];
    private readonly List<string> _leftOut = [];
    private Entry _defaults = new();
    private int _next;

    private FetchmailFile(List<FetchmailWord> words) => _words = words;

    /// <summary>Reads one.</summary>
    /// <param name="text">Its content.</param>
    /// <param name="knownUniqueIds">What was fetched before, by user and server as fetchmail calls them.</param>
    /// <exception cref="InvalidDataException">It cannot be understood; the message names the line.</exception>
    public static (IReadOnlyList<ImportedAccount> Accounts, IReadOnlyList<string> LeftOut) Read(string text, ILookup<(string User, string Server), string> knownUniqueIds)
    {
        FetchmailFile file = new(FetchmailWords.Read(text));
        file.ReadAll();
        List<ImportedAccount> accounts = [];
        foreach ((Entry entry, string? name) in file._users)
        {
            if (entry.Protocol is not ("pop3" or "auto" or "" or "apop"))
                file._leftOut.Add($"{entry.Server}: {entry.Protocol} is not POP3");
            else if (entry.User is null)
                file._leftOut.Add($"{entry.Server}: it names no user");
            else
                accounts.Add(entry.Account(name ?? entry.Server!, knownUniqueIds));
        }

        return (accounts, file._leftOut);
    }

    private void ReadAll()
    {
        while (_next < _words.Count)
        {
            FetchmailWord head = Take();
            switch (head.IsQuoted ? "" : head.Text)
            {
                case "set":
                    while (_next < _words.Count && !IsHead(_words[_next]))
                        _next++;
                    break;
                case "defaults":
                    _defaults = new();
                    ReadOptions(_defaults, null);
                    break;
                case "poll" or "server" or "skip":
                    ReadServer(head.Text == "skip");
                    break;
                default:
                    throw Unknown(head);
            }
        }
    }

    private void ReadServer(bool isSkipped)
    {
        Entry server = _defaults.Copy();
        server.Server = TakeValue("poll").Text;
        List<(Entry, string?)> users = [];
        ReadOptions(server, users);
        if (isSkipped)
            _leftOut.Add($"{server.Server}: it is one to skip");
        else if (users.Count == 0)
            _users.Add((server, server.Server));
        else
            _users.AddRange(users);
    }

    // Each "user" begins a mailbox of the server that was named before it.
    private void ReadOptions(Entry server, List<(Entry, string?)>? users)
    {
        Entry current = server;
        while (_next < _words.Count && !IsHead(_words[_next]))
        {
            FetchmailWord word = Take();
            string option = word.IsQuoted ? "" : word.Text;
            bool isOff = option == "no" || (option.StartsWith("no", StringComparison.Ordinal) && Flags.Contains(option[2..]));
            if (isOff)
                option = option == "no" ? Take().Text : option[2..];
            if (option is "user" or "username" && users is not null)
            {
                current = server.Copy();
                users.Add((current, server.Server));
            }

            if (Lists.Contains(option))
            {
                while (_next < _words.Count && (_words[_next].IsQuoted || !IsKeyword(_words[_next].Text)))
                    _next++;
            }
            else if (Valued.Contains(option) && !isOff)
            {
                current.Set(option, TakeValue(option).Text, word.Line);
            }
            else if (Flags.Contains(option))
            {
                current.Set(option, !isOff);
            }
            else
            {
                throw Unknown(word);
            }
        }
    }

    private FetchmailWord Take() => _words[_next++];

    private FetchmailWord TakeValue(string of) => _next < _words.Count ? Take() : throw new InvalidDataException($"The file ends behind '{of}'.");

    private static bool IsHead(FetchmailWord word) => !word.IsQuoted && Heads.Contains(word.Text);

    private static bool IsKeyword(string word) =>
        Heads.Contains(word) || Flags.Contains(word) || Valued.Contains(word) || Lists.Contains(word) || word == "no"
        || (word.StartsWith("no", StringComparison.Ordinal) && Flags.Contains(word[2..]));

    private static InvalidDataException Unknown(FetchmailWord word) =>
        new(string.Create(CultureInfo.InvariantCulture, $"Line {word.Line}: '{word.Text}' is no option of fetchmail's here."));

    /// <summary>What is known of a server and its user so far.</summary>
    private sealed class Entry
    {
        private string? _via;
        private int? _port;
        private bool _isSsl;
        private bool _keeps;
        private string? _password;

        public string? Server { get; set; }

        public string Protocol { get; private set; } = "";

        public string? User { get; private set; }

        public Entry Copy() => (Entry)MemberwiseClone();

        public void Set(string option, bool isOn)
        {
            if (option == "ssl")
                _isSsl = isOn;
            else if (option == "keep")
                _keeps = isOn;
        }

        public void Set(string option, string value, int line)
        {
            switch (option)
            {
                case "proto" or "protocol":
                    Protocol = value.ToLowerInvariant();
                    break;
                case "via":
                    _via = value;
                    break;
                case "port" or "service":
                    _port = int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int port) ? port
                        : value switch
                        {
                            "pop3" => 110,
                            "pop3s" => 995,
                            _ => throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture, $"Line {line}: '{value}' is no port.")),
                        };
                    break;
                case "user" or "username":
                    User = value;
                    break;
                case "pass" or "password":
                    _password = value;
                    break;
            }
        }

        // Without ssl fetchmail begins TLS where it can; here it is begun, or nothing is.
        public ImportedAccount Account(string name, ILookup<(string User, string Server), string> known) => new(
            _via ?? Server!, _port ?? (_isSsl ? 995 : 110), _isSsl ? TlsMode.Implicit : TlsMode.StartTls, User!, _password, !_keeps, [.. known[(User!, name)]]);
    }
}
