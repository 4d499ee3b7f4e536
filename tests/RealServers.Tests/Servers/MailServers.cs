using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Security.Cryptography.X509Certificates;
using EmailSync.Conformance;
using EmailSync.Lab;

[assembly: UnsupportedOSPlatform("windows")]
// Most of these tests wait for other processes, so more of them than there are cores may run at once.
[assembly: Xunit.v3.Parallelization(MaxThreads = 6)]
[assembly: AssemblyFixture(typeof(EmailSync.RealServers.Tests.Servers.MailServers))]

namespace EmailSync.RealServers.Tests.Servers;

/// <summary>
/// A Dovecot and a Postfix of our own on loopback, with our own configuration, users and certificates, for as long as the tests run.
/// Postfix delivers into Dovecot's Maildirs and asks Dovecot whether a password is right.
/// </summary>
public sealed class MailServers : IAsyncLifetime
{
    private const int Accounts = 600;

    private readonly LabCertificateAuthority _authority = new();
    private readonly TrustedRoot _root;
    private SignInServices? _services;
    private int _given;
    private int _numbered;

    public MailServers() => _root = new(_authority.Root);

    /// <summary>Why there are no servers here; null where they run.</summary>
    public string? WhyNot { get; private set; }

    /// <summary>The folder of everything, world-readable, since the servers run as users of their own.</summary>
    public string Folder { get; private set; } = "";

    /// <summary>The root that the servers' certificate leads to.</summary>
    public string RootPem => _authority.RootPem;

    public DovecotServer Dovecot { get; private set; } = null!;

    public PostfixServer Postfix { get; private set; } = null!;

    /// <summary>Null where <see cref="RequireExim"/> would skip.</summary>
    public EximServer? Exim { get; private set; }

    /// <summary>Who issues the tokens that Dovecot takes.</summary>
    public TokenEndpoint Tokens => _services!.Tokens;

    /// <summary>Who issues the client certificates that the servers take.</summary>
    public ClientCertificates Clients => _services!.Clients;

    public async ValueTask InitializeAsync()
    {
        WhyNot = FindWhyNot();
        if (WhyNot is not null)
            return;

        // The test command names a folder that it sweeps when it ends, however the tests ended.
        string root = Environment.GetEnvironmentVariable("EMAILSYNC_TEST_SERVERS") ?? Path.GetTempPath();
        Folder = Path.Combine(root, "servers-" + Guid.NewGuid().ToString("N")[..8]);
        Directory.CreateDirectory(Folder);
        File.SetUnixFileMode(Folder, (UnixFileMode)0b111_101_101);
        WriteCertificate();
        string[] addresses = [.. Enumerable.Range(1, Accounts).Select(number => $"user{number:000}@example.test")];
        _services = await SignInServices.StartAsync(Folder, addresses);
        Dovecot = await DovecotServer.StartAsync(Folder, addresses, _root, _services);
        Postfix = await PostfixServer.StartAsync(Folder, addresses, Dovecot, _root);
        if (EximServer.WhyNot is null)
            Exim = await EximServer.StartAsync(Folder, Dovecot, Clients, _root);
    }

    public async ValueTask DisposeAsync()
    {
        if (WhyNot is null)
        {
            if (Exim is not null)
                await Exim.StopAsync();
            await Postfix.StopAsync();
            await Dovecot.StopAsync();
            await _services!.DisposeAsync();
            Directory.Delete(Folder, recursive: true);
        }

        _authority.Dispose();
    }

    /// <summary>An account that no other test uses. Skips the test where there are no servers.</summary>
    public MailAccount NewAccount()
    {
        Require();
        string address = string.Create(CultureInfo.InvariantCulture, $"user{Interlocked.Increment(ref _given):000}@example.test");
        return MailAccount.Create(address, DovecotServer.PasswordOf(address), Path.Combine(Dovecot.HomeFolder, address, "Maildir"));
    }

    /// <summary>The same, for a test of the suite that other servers are put through as well.</summary>
    public Account NewConformanceAccount()
    {
        MailAccount account = NewAccount();
        return new(account.Address, account.Password);
    }

    /// <summary>The account with this address, which was given out before.</summary>
    public MailAccount Find(string address) =>
        new(address, DovecotServer.PasswordOf(address), Path.Combine(Dovecot.HomeFolder, address, "Maildir"));

    /// <summary>A number that is higher than all before.</summary>
    public int NextNumber() => Interlocked.Increment(ref _numbered);

    /// <summary>Skips the test where there are no servers.</summary>
    public void Require() => Assert.SkipWhen(WhyNot is not null, WhyNot ?? "");

    /// <summary>Skips the test where there is no Kerberos.</summary>
    public void RequireKerberos() => RequireBeside(KerberosRealm.WhyNot);

    /// <summary>Skips the test where there is no Exim.</summary>
    public void RequireExim() => RequireBeside(EximServer.WhyNot);

    /// <summary>Skips the test where there is no NTLM.</summary>
    public void RequireNtlm() => RequireBeside(NtlmAuth.WhyNot);

    private void RequireBeside(string? whyNot)
    {
        Require();
        Assert.SkipWhen(whyNot is not null, whyNot ?? "");
    }

    private static string? FindWhyNot()
    {
        if (!RuntimeInformation.IsOSPlatform(OSPlatform.Linux))
            return "Dovecot and Postfix are started on Linux only";
        if (!Environment.IsPrivilegedProcess)
            return "Dovecot and Postfix need root to start";
        if (!File.Exists(DovecotServer.Program))
            return "Dovecot is not installed (apt-get install dovecot-pop3d)";
        return File.Exists(PostfixServer.Program) ? null : "Postfix is not installed (apt-get install postfix)";
    }

    private void WriteCertificate()
    {
        using X509Certificate2 certificate = _authority.Issue(LabCertificate.Valid, DovecotServer.ClientCertificateHost);
        File.WriteAllText(Path.Combine(Folder, "cert.pem"), certificate.ExportCertificatePem());
        string keyFile = Path.Combine(Folder, "key.pem");
        File.WriteAllText(keyFile, certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        File.SetUnixFileMode(keyFile, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }
}
