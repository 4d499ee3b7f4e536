using System.Globalization;
using EmailSync.Appliance.Model;
using EmailSync.Protocols.Smtp;
using EmailSync.Protocols.Wire.Sasl;

namespace EmailSync.RealServers.Tests.Servers;

/// <summary>A Postfix that takes mail on loopback: cleartext with STARTTLS, and implicit TLS. No mail leaves the machine.</summary>
public sealed class PostfixServer
{
    public const string Program = "/usr/sbin/postfix";

    /// <summary>The largest message that it takes, in octets.</summary>
    public const int MaxSize = 30_000_000;

    /// <summary>A reverse-path that Postfix and Exim refuse.</summary>
    public const string RefusedSender = "refused@example.test";

    /// <summary>One that they refuse for now.</summary>
    public const string DeferredSender = "deferred@example.test";

    private readonly string _configuration;
    private readonly TrustedRoot _root;

    private PostfixServer(string folder, int smtpPort, int smtpsPort, TrustedRoot root)
    {
        _root = root;
        _configuration = Path.Combine(folder, "postfix", "etc");
        (SmtpPort, SmtpsPort) = (smtpPort, smtpsPort);
    }

    public int SmtpPort { get; }

    public int SmtpsPort { get; }

    public static async Task<PostfixServer> StartAsync(string folder, IReadOnlyList<string> addresses, DovecotServer dovecot, TrustedRoot root)
    {
        int[] ports = Command.FreePorts(2);
        PostfixServer server = new(folder, ports[0], ports[1], root);
        string etc = Directory.CreateDirectory(server._configuration).FullName;
        Directory.CreateDirectory(Path.Combine(folder, "postfix", "queue"));
        string data = Directory.CreateDirectory(Path.Combine(folder, "postfix", "data")).FullName;
        OwnedFiles.Own(data, await UserIdAsync("postfix"));
        File.Copy("/etc/postfix/dynamicmaps.cf", Path.Combine(etc, "dynamicmaps.cf"));
        File.Copy("/etc/postfix/postfix-files", Path.Combine(etc, "postfix-files"));
        await File.WriteAllLinesAsync(Path.Combine(etc, "mailboxes"), addresses.SelectMany(address =>
            new[] { address, MailAccount.InternationalNameOf(address) }.Select(name => $"{name} {address}/Maildir/")));
        await File.WriteAllTextAsync(Path.Combine(etc, "main.cf"), string.Create(CultureInfo.InvariantCulture, $"""
            compatibility_level = 3.6
            queue_directory = {folder}/postfix/queue
            data_directory = {folder}/postfix/data
            mail_owner = postfix
            setgid_group = postdrop
            maillog_file = {folder}/postfix.log
            maillog_file_prefixes = {folder}
            myhostname = localhost
            mydestination =
            mynetworks =
            alias_maps =
            inet_interfaces = 127.0.0.1
            inet_protocols = ipv4
            virtual_mailbox_domains = example.test
            virtual_mailbox_base = {dovecot.HomeFolder}
            virtual_mailbox_maps = texthash:{etc}/mailboxes
            virtual_uid_maps = static:{OwnedFiles.Mail}
            virtual_gid_maps = static:{OwnedFiles.Mail}
            virtual_minimum_uid = 1
            virtual_mailbox_limit = 0
            mailbox_size_limit = 0
            message_size_limit = {MaxSize}
            smtputf8_enable = yes
            local_header_rewrite_clients =
            recipient_delimiter = +
            smtpd_forbid_bare_newline = no
            smtpd_error_sleep_time = 0
            smtpd_tls_cert_file = {folder}/cert.pem
            smtpd_tls_key_file = {folder}/key.pem
            smtpd_tls_security_level = may
            smtpd_tls_auth_only = yes
            smtpd_sasl_auth_enable = yes
            smtpd_sasl_type = dovecot
            smtpd_sasl_path = {dovecot.AuthenticationSocket}
            smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination
            smtpd_sender_restrictions = check_sender_access texthash:{etc}/senders
            smtpd_delay_reject = no
            smtpd_client_connection_count_limit = 0
            relay_transport = error:5.7.1 no mail leaves the tests
            default_transport = error:5.7.1 no mail leaves the tests

            """));
        await File.WriteAllTextAsync(Path.Combine(etc, "senders"), $"{RefusedSender} REJECT not from you\n{DeferredSender} 450 4.7.1 not now\n");
        await File.WriteAllTextAsync(Path.Combine(etc, "master.cf"), string.Create(CultureInfo.InvariantCulture, $"""
            127.0.0.1:{server.SmtpPort} inet n - n - - smtpd
            127.0.0.1:{server.SmtpsPort} inet n - n - - smtpd
              -o smtpd_tls_wrappermode=yes
            pickup unix n - n 60 1 pickup
            cleanup unix n - n - 0 cleanup
            qmgr unix n - n 300 1 qmgr
            tlsmgr unix - - n 1000? 1 tlsmgr
            rewrite unix - - n - - trivial-rewrite
            bounce unix - - n - 0 bounce
            defer unix - - n - 0 bounce
            trace unix - - n - 0 bounce
            verify unix - - n - 1 verify
            flush unix n - n 1000? 0 flush
            proxymap unix - - n - - proxymap
            proxywrite unix - - n - 1 proxymap
            smtp unix - - n - - smtp
            showq unix n - n - - showq
            error unix - - n - - error
            retry unix - - n - - error
            discard unix - - n - - discard
            virtual unix - n n - - virtual
            anvil unix - - n - 1 anvil
            scache unix - - n - 1 scache
            postlog unix-dgram n - n - 1 postlogd

            """));
        await Command.RunAsync(Program, "-c", server._configuration, "start");
        await Command.WaitForGreetingAsync(server.SmtpPort);
        return server;
    }

    /// <summary>A session that has not signed in, over the port and in the way that the mode says.</summary>
    public async Task<SmtpSession> OpenAsync(TlsMode security = TlsMode.Implicit, SmtpOptions? options = null)
    {
        CancellationToken cancelled = TestContext.Current.CancellationToken;
        Stream stream = security == TlsMode.Implicit
            ? await _root.ConnectEncryptedAsync(SmtpsPort, cancelled)
            : await TrustedRoot.ConnectAsync(SmtpPort, cancelled);
        SmtpSession session = await SmtpSession.OpenAsync(stream, options, cancelled);
        if (security == TlsMode.StartTls)
            await session.StartTlsAsync(_root.UpgradeAsync, cancelled);
        return session;
    }

    /// <summary>A session over implicit TLS that has signed in.</summary>
    public async Task<SmtpSession> OpenSubmissionAsync(MailAccount account, SmtpOptions? options = null)
    {
        SmtpSession session = await OpenAsync(options: options);
        await session.AuthenticateAsync(new Plain(account.Address, new(account.Password)), TestContext.Current.CancellationToken);
        return session;
    }

    public Task StopAsync() => Command.RunAsync(Program, "-c", _configuration, "stop");

    private static async Task<int> UserIdAsync(string name)
    {
        string[] lines = await File.ReadAllLinesAsync("/etc/passwd");
        string line = Array.Find(lines, candidate => candidate.StartsWith(name + ":", StringComparison.Ordinal))
            ?? throw new InvalidOperationException($"There is no user named {name}");
        return int.Parse(line.Split(':')[2], CultureInfo.InvariantCulture);
    }
}
