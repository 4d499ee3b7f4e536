using System.Globalization;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using EmailSync.Conformance;
using EmailSync.Protocols.Smtp;

namespace EmailSync.RealServers.Tests.Servers;

/// <summary>An Exim that takes mail on loopback: cleartext with STARTTLS, and implicit TLS. It asks Dovecot about passwords and delivers into its Maildirs.</summary>
public sealed class EximServer
{
    private readonly string _folder;
    private readonly TrustedRoot _root;

    private EximServer(string folder, int smtpPort, int smtpsPort, TrustedRoot root)
    {
        (_folder, _root) = (folder, root);
        (SmtpPort, SmtpsPort) = (smtpPort, smtpsPort);
    }

    /// <summary>Why there is none here; null if there can be.</summary>
    public static string? WhyNot => File.Exists(Program) ? null : "Exim is not installed, and the test command has unpacked none (exim4-daemon-heavy)";

    private static string Program => Environment.GetEnvironmentVariable("EMAILSYNC_TEST_EXIM") ?? "/usr/sbin/exim4";

    private int SmtpPort { get; }

    private int SmtpsPort { get; }

    public static async Task<EximServer> StartAsync(string parent, DovecotServer dovecot, ClientCertificates clients, TrustedRoot root)
    {
        int[] ports = Command.FreePorts(2);
        string folder = Path.Combine(parent, "exim");
        OwnedFiles.CreateFolder(folder);
        EximServer server = new(folder, ports[0], ports[1], root);
        // It runs as the user whose mail it delivers.
        foreach (string file in (string[])["cert.pem", "key.pem"])
        {
            File.Copy(Path.Combine(parent, file), Path.Combine(folder, file));
            OwnedFiles.Own(Path.Combine(folder, file));
        }
        await File.WriteAllTextAsync(Path.Combine(folder, "clients.pem"), clients.RootPem);
        OwnedFiles.Own(Path.Combine(folder, "clients.pem"));
        string configuration = Path.Combine(folder, "exim.conf");
        string mailboxes = Path.Combine(parent, "postfix", "etc", "mailboxes");
        string authenticators = string.Concat(((string[])["PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256", "XOAUTH2", "OAUTHBEARER", .. KerberosRealm.WhyNot is null ? (string[])["GSSAPI"] : []]).Select(mechanism => $"""
            {mechanism.ToLowerInvariant().Replace('-', '_')}:
              driver = dovecot
              public_name = {mechanism}
              server_socket = {dovecot.AuthenticationSocket}
              server_set_id = $auth1

            """)) + """
            external:
              driver = external
              public_name = EXTERNAL
              server_advertise_condition = ${if eq{$tls_in_certificate_verified}{1}}
              server_param2 = ${certextract{subject,CN}{$tls_in_peercert}{$value}{}}
              server_condition = ${if or{{eq{$auth1}{}}{eqi{$auth1}{$auth2}}}}
              server_set_id = $auth2

            """;
        await File.WriteAllTextAsync(configuration, string.Create(CultureInfo.InvariantCulture, $$"""
            primary_hostname = localhost
            spool_directory = {{folder}}/spool
            log_file_path = {{folder}}/%slog
            pid_file_path = {{folder}}/pid
            exim_path = {{Program}}
            exim_user = mail
            exim_group = mail
            never_users =
            deliver_drop_privilege = true
            keep_environment =
            local_interfaces = 127.0.0.1
            daemon_smtp_ports = {{ports[0]}} : {{ports[1]}}
            tls_on_connect_ports = {{ports[1]}}
            tls_advertise_hosts = *
            tls_certificate = {{folder}}/cert.pem
            tls_privatekey = {{folder}}/key.pem
            tls_verify_certificates = {{folder}}/clients.pem
            tls_try_verify_hosts = *
            auth_advertise_hosts = ${if eq{$tls_in_cipher}{}{}{*} }
            message_size_limit = {{PostfixServer.MaxSize}}
            chunking_advertise_hosts = *
            dsn_advertise_hosts = *
            smtputf8_advertise_hosts = *
            accept_8bitmime = true
            host_lookup =
            rfc1413_hosts =
            smtp_accept_max = 0
            smtp_accept_queue_per_connection = 0
            check_spool_space = 0
            bounce_return_message = false
            acl_smtp_mail = sender
            acl_smtp_rcpt = recipient
            acl_smtp_data = content
            acl_smtp_vrfy = content
            begin acl
            sender:
              deny senders = {{PostfixServer.RefusedSender}}
                   message = not from you
              defer senders = {{PostfixServer.DeferredSender}}
                   message = not now
              accept
            recipient:
              accept domains = example.test
                     endpass
                     message = no such user here
                     verify = recipient
              accept authenticated = *
              deny message = no mail leaves the tests
            content:
              accept
            begin routers
            mailboxes:
              driver = accept
              domains = example.test
              address_data = ${lookup{$local_part@$domain}lsearch{{{mailboxes}}}{$value}fail}
              transport = maildir
            begin transports
            maildir:
              driver = appendfile
              directory = {{dovecot.HomeFolder}}/$address_data
              maildir_format
              create_directory = false
              check_string =
              escape_string =
              message_prefix =
              message_suffix =
              user = mail
              group = mail
            begin authenticators
            {{authenticators}}
            """));
        await Command.RunAsync(Program, "-C", configuration, "-bd");
        await Command.WaitForGreetingAsync(server.SmtpPort);
        return server;
    }

    /// <summary>A session that has not signed in.</summary>
    public async Task<SmtpSession> OpenAsync(Encryption encryption, SmtpOptions? options)
    {
        CancellationToken cancelled = TestContext.Current.CancellationToken;
        Stream stream = encryption == Encryption.Implicit
            ? await _root.ConnectEncryptedAsync(SmtpsPort, cancelled)
            : await TrustedRoot.ConnectAsync(SmtpPort, cancelled);
        SmtpSession session = await SmtpSession.OpenAsync(stream, options, cancelled);
        if (encryption == Encryption.Upgraded)
            await session.StartTlsAsync(_root.UpgradeAsync, cancelled);
        return session;
    }

    /// <summary>A session over implicit TLS in which the client has shown a certificate.</summary>
    public async Task<SmtpSession> OpenAsync(X509Certificate2 clientCertificate)
    {
        CancellationToken cancelled = TestContext.Current.CancellationToken;
        return await SmtpSession.OpenAsync(
            await _root.ConnectEncryptedAsync(IPAddress.Loopback, SmtpsPort, clientCertificate, cancelled), null, cancelled);
    }

    public async Task StopAsync() => await Command.RunAsync("/bin/kill", (await File.ReadAllTextAsync(Path.Combine(_folder, "pid"))).Trim());
}
