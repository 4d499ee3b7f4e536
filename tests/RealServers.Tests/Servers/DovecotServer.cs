using System.Globalization;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using EmailSync.Appliance.Model;
using EmailSync.Protocols.Pop3;

namespace EmailSync.RealServers.Tests.Servers;

/// <summary>A Dovecot that serves POP3 on loopback: cleartext with STLS, and implicit TLS.</summary>
public sealed class DovecotServer
{
    public const string Program = "/usr/sbin/dovecot";

    /// <summary>Who may open every maildrop, by the authorization identity.</summary>
    public const string MasterUser = "master";

    /// <summary>A name of its own for where client certificates are verified: the platform keeps sessions by name.</summary>
    public const string ClientCertificateHost = "clients.example.test";

    // Apart, because a Dovecot that verifies client certificates ends every handshake that resumes a session.
    private static readonly IPAddress ClientCertificateAddress = new([127, 0, 0, 2]);

    private readonly string _configuration;
    private readonly TrustedRoot _root;

    private DovecotServer(string folder, int pop3Port, int pop3sPort, TrustedRoot root)
    {
        _root = root;
        _configuration = Path.Combine(folder, "dovecot.conf");
        HomeFolder = Path.Combine(folder, "home");
        AuthenticationSocket = Path.Combine(folder, "dovecot", "auth-client");
        (Pop3Port, Pop3sPort) = (pop3Port, pop3sPort);
    }

    public int Pop3Port { get; }

    public int Pop3sPort { get; }

    public string HomeFolder { get; }

    /// <summary>Where Postfix asks whether a password is right.</summary>
    public string AuthenticationSocket { get; }

    public static string PasswordOf(string address) => $"secret of {address}";

    internal static async Task<DovecotServer> StartAsync(string folder, IReadOnlyList<string> addresses, TrustedRoot root, SignInServices services)
    {
        int[] ports = Command.FreePorts(2);
        DovecotServer server = new(folder, ports[0], ports[1], root);
        OwnedFiles.CreateFolder(server.HomeFolder);
        Directory.CreateDirectory(Path.Combine(folder, "dovecot"));
        string users = Path.Combine(folder, "users");
        await File.WriteAllLinesAsync(users, addresses.Select(address => $"{address}:{{PLAIN}}{PasswordOf(address)}::::::"));
        string masters = Path.Combine(folder, "masters");
        await File.WriteAllTextAsync(masters, $"{MasterUser}:{{PLAIN}}{PasswordOf(MasterUser)}::::::\n");
        string tokens = Path.Combine(folder, "tokens.conf");
        await File.WriteAllTextAsync(tokens, $"""
            introspection_url = {services.Tokens.IntrospectionAddress}
            introspection_mode = post
            active_attribute = active
            active_value = true
            username_attribute = username
            openid_configuration_url = {services.Tokens.ConfigurationAddress}

            """);
        string clientRoot = Path.Combine(folder, "clients.pem");
        await File.WriteAllTextAsync(clientRoot, services.Clients.RootPem);
        await File.WriteAllTextAsync(server._configuration, string.Create(CultureInfo.InvariantCulture, $$"""
            base_dir = {{folder}}/dovecot/run
            state_dir = {{folder}}/dovecot/state
            log_path = {{folder}}/dovecot.log
            protocols = pop3
            listen = 127.0.0.1
            ssl = yes
            ssl_cert = <{{folder}}/cert.pem
            ssl_key = <{{folder}}/key.pem
            ssl_min_protocol = TLSv1.2
            disable_plaintext_auth = no
            auth_ssl_username_from_cert = yes
            auth_mechanisms = apop plain login cram-md5 scram-sha-1 scram-sha-256 xoauth2 oauthbearer external{{services.Mechanisms}}
            {{services.Settings}}
            auth_master_user_separator = *
            auth_failure_delay = 0
            auth_username_format = %Lu
            first_valid_uid = 1
            mail_location = maildir:~/Maildir
            mail_fsync = never
            mail_max_userip_connections = 100
            pop3_lock_session = yes
            local 127.0.0.2 {
              ssl_ca = <{{clientRoot}}
              ssl_require_crl = no
              ssl_verify_client_cert = yes
              ssl_cert_username_field = commonName
            }
            passdb {
              driver = static
              mechanisms = external
              args = nopassword=y
            }
            passdb {
              driver = oauth2
              mechanisms = xoauth2 oauthbearer
              args = {{tokens}}
            }
            passdb {
              driver = passwd-file
              args = {{masters}}
              master = yes
            }
            passdb {
              driver = passwd-file
              args = {{users}}
            }
            userdb {
              driver = static
              args = uid=mail gid=mail home={{server.HomeFolder}}/%u
            }
            service pop3-login {
              service_count = 0
              inet_listener pop3 {
                port = {{server.Pop3Port}}
              }
              inet_listener pop3s {
                port = {{server.Pop3sPort}}
                ssl = yes
              }
              inet_listener pop3s-clients {
                address = 127.0.0.2
                port = {{server.Pop3sPort}}
                ssl = yes
              }
            }
            service anvil {
              unix_listener anvil-auth-penalty {
                mode = 0
              }
            }
            service auth {
              unix_listener {{server.AuthenticationSocket}} {
                mode = 0666
              }
            }

            """));
        await Command.RunAsync(Program, "-c", server._configuration);
        await Command.WaitForGreetingAsync(server.Pop3Port);
        return server;
    }

    /// <summary>A session that has not signed in, over the port and in the way that the mode says; its capabilities are known.</summary>
    public async Task<Pop3Session> OpenAsync(TlsMode security = TlsMode.Implicit, Pop3Options? options = null)
    {
        CancellationToken cancelled = TestContext.Current.CancellationToken;
        Stream stream = security == TlsMode.Implicit
            ? await _root.ConnectEncryptedAsync(Pop3sPort, cancelled)
            : await TrustedRoot.ConnectAsync(Pop3Port, cancelled);
        Pop3Session session = await Pop3Session.OpenAsync(stream, options, cancelled);
        if (security == TlsMode.StartTls)
            await session.StartTlsAsync(_root.UpgradeAsync, cancelled);
        await session.CapabilitiesAsync(cancelled);
        return session;
    }

    /// <summary>A session over implicit TLS in which we have shown a certificate.</summary>
    public async Task<Pop3Session> OpenAsync(X509Certificate2 clientCertificate)
    {
        CancellationToken cancelled = TestContext.Current.CancellationToken;
        Stream stream = await _root.ConnectEncryptedAsync(ClientCertificateAddress, Pop3sPort, clientCertificate, cancelled);
        Pop3Session session = await Pop3Session.OpenAsync(stream, cancellationToken: cancelled);
        await session.CapabilitiesAsync(cancelled);
        return session;
    }

    /// <summary>The maildrop of an account, signed in over implicit TLS.</summary>
    public async Task<Maildrop> OpenMaildropAsync(MailAccount account)
    {
        Pop3Session session = await OpenAsync();
        return await session.LogInAsync(account.Address, new(account.Password), TestContext.Current.CancellationToken);
    }

    /// <summary>A connection to where client certificates are verified, on which nothing has been said.</summary>
    public Task<Stream> ConnectWhereCertificatesAreVerifiedAsync() =>
        TrustedRoot.ConnectAsync(ClientCertificateAddress, Pop3sPort, TestContext.Current.CancellationToken);

    public Task StopAsync() => Command.RunAsync("/usr/bin/doveadm", "-c", _configuration, "stop");
}
