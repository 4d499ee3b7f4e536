using System.Globalization;
using System.Runtime.InteropServices;

namespace EmailSync.RealServers.Tests.Servers;

/// <summary>A Kerberos realm of our own, with its KDC on loopback. Nothing of it lies outside the folder of the tests.</summary>
internal sealed partial class KerberosRealm
{
    /// <summary>Its name. Small letters, though realms are by custom in capitals: so an address is its owner's principal.</summary>
    public const string Realm = "example.test";

    private const string Kdc = "/usr/sbin/krb5kdc";
    private const string DovecotPlugin = "/usr/lib/dovecot/modules/auth/libmech_gssapi.so";

    private readonly string _folder;

    private KerberosRealm(string folder) => _folder = folder;

    /// <summary>Where programs that take part in the realm find it, by KRB5_CONFIG.</summary>
    public string Configuration => Path.Combine(_folder, "krb5.conf");

    /// <summary>The keys of the servers.</summary>
    public string KeyTable => Path.Combine(_folder, "keytab");

    private string ProcessIdFile => Path.Combine(_folder, "pid");

    /// <summary>Why there is none here; null if there can be.</summary>
    public static string? WhyNot =>
        !File.Exists(Kdc) ? "There is no Kerberos server (apt-get install krb5-kdc krb5-admin-server)"
        : !File.Exists(DovecotPlugin) ? "Dovecot has no GSSAPI (apt-get install dovecot-gssapi)"
        : null;

    /// <summary>Starts it, with a principal for each address and for POP3 and SMTP at localhost, and makes this process take part.</summary>
    public static async Task<KerberosRealm> StartAsync(string parent, IReadOnlyList<string> addresses)
    {
        string folder = Directory.CreateDirectory(Path.Combine(parent, "kerberos")).FullName;
        KerberosRealm realm = new(folder);
        int port = Command.FreePorts(1)[0];
        await File.WriteAllTextAsync(realm.Configuration, string.Create(CultureInfo.InvariantCulture, $$"""
            [libdefaults]
              default_realm = {{Realm}}
              dns_lookup_kdc = false
              dns_lookup_realm = false
              dns_canonicalize_hostname = false
              rdns = false
              udp_preference_limit = 1
            [realms]
              {{Realm}} = {
                kdc = 127.0.0.1:{{port}}
              }
            [domain_realm]
              localhost = {{Realm}}

            """));
        string kdcConfiguration = Path.Combine(folder, "kdc.conf");
        await File.WriteAllTextAsync(kdcConfiguration, string.Create(CultureInfo.InvariantCulture, $$"""
            [realms]
              {{Realm}} = {
                database_name = {{folder}}/principal
                key_stash_file = {{folder}}/stash
                acl_file = {{folder}}/acl
                kdc_listen = 127.0.0.1:{{port}}
                kdc_tcp_listen = 127.0.0.1:{{port}}
                supported_enctypes = aes256-cts-hmac-sha1-96:normal
              }
            [logging]
              kdc = FILE:{{folder}}/kdc.log

            """));
        SetEnvironment("KRB5_CONFIG", realm.Configuration);
        SetEnvironment("KRB5_KDC_PROFILE", kdcConfiguration);
        SetEnvironment("KRB5CCNAME", $"FILE:{folder}/tickets");
        await Command.RunAsync("/usr/sbin/kdb5_util", "create", "-s", "-r", Realm, "-P", "master key of the tests");
        string commands = Path.Combine(folder, "commands");
        await File.WriteAllLinesAsync(commands,
        [
            "addprinc -randkey pop/localhost", "addprinc -randkey smtp/localhost", $"ktadd -k {realm.KeyTable} pop/localhost smtp/localhost",
            .. addresses.Select(address => $"addprinc -pw \"{DovecotServer.PasswordOf(address)}\" {address}"),
        ]);
        await Command.RunAsync("/bin/sh", "-c", "exec /usr/sbin/kadmin.local -r \"$0\" <\"$1\"", Realm, commands);
        // Dovecot reads it as a user of its own.
        File.SetUnixFileMode(realm.KeyTable, (UnixFileMode)0b110_100_100);
        await Command.RunAsync(Kdc, "-r", Realm, "-P", realm.ProcessIdFile);
        return realm;
    }

    public async Task StopAsync() => await Command.RunAsync("/bin/kill", (await File.ReadAllTextAsync(ProcessIdFile)).Trim());

    /// <summary>For this process's Kerberos library, which asks the system and not .NET, and for the processes that it starts.</summary>
    private static void SetEnvironment(string name, string value)
    {
        Environment.SetEnvironmentVariable(name, value);
        if (SetSystemEnvironment(name, value, 1) != 0)
            throw new InvalidOperationException($"setenv {name}: error {Marshal.GetLastPInvokeError()}");
    }

    [LibraryImport("libc", EntryPoint = "setenv", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetSystemEnvironment(string name, string value, int replace);
}
