using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using EmailSync.Lab;
using EmailSync.Load.Messages;
using EmailSync.Load.Running;

namespace EmailSync.Load.Server;

/// <summary>A Dovecot in the load server's place, with maildirs in memory: what a client costs at a server as it is in use.</summary>
internal sealed class DovecotServer : IDisposable
{
    private const string Program = "/usr/sbin/dovecot";
    private const string MemoryFolder = "/dev/shm";

    private readonly string _folder = Directory.CreateDirectory(Path.Combine(MemoryFolder, $"emailsync-dovecot-{Guid.NewGuid():N}")).FullName;
    private readonly LabCertificateAuthority _authority = new();
    private Process? _master;
    private double _cpuSeconds;

    private string Configuration => Path.Combine(_folder, "dovecot.conf");

    /// <summary>Serves until standard input ends.</summary>
    /// <exception cref="LoadException">There is no Dovecot, or it does not start.</exception>
    public static async Task RunAsync(ServerPlan plan)
    {
        if (!File.Exists(Program) || !Environment.IsPrivilegedProcess)
            throw new LoadException("--server dovecot needs root, and Dovecot: apt-get install dovecot-pop3d.");
        using DovecotServer server = new();
        int port = await server.StartAsync(plan);
        Console.WriteLine(JsonSerializer.Serialize(new ServerHello(port, server._authority.RootPem), LoadJson.Default.ServerHello));
        while (await Console.In.ReadLineAsync() is not null)
            Console.WriteLine(JsonSerializer.Serialize(server.Take(), LoadJson.Default.ServerReport));
    }

    public void Dispose()
    {
        _master?.Kill(entireProcessTree: true);
        _master?.WaitForExit();
        _master?.Dispose();
        _authority.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task<int> StartAsync(ServerPlan plan)
    {
        int port = FreePort();
        Fill(plan);
        using (X509Certificate2 certificate = _authority.Issue(LabCertificate.Valid, "localhost"))
        using (ECDsa key = certificate.GetECDsaPrivateKey()!)
        {
            File.WriteAllText(Path.Combine(_folder, "cert.pem"), certificate.ExportCertificatePem());
            File.WriteAllText(Path.Combine(_folder, "key.pem"), key.ExportPkcs8PrivateKeyPem());
        }
        File.WriteAllText(Configuration, ConfigurationOf(plan, port));
        using (Process owner = Process.Start("chown", ["-R", "mail:mail", Path.Combine(_folder, "home")]))
            await owner.WaitForExitAsync();
        _master = Process.Start(Program, ["-F", "-c", Configuration]);
        await WhenItListensAsync(port);
        return port;
    }

    // Every mailbox has links to the same few files.
    private void Fill(ServerPlan plan)
    {
        MessageSet messages = new(plan.Size);
        string common = Directory.CreateDirectory(Path.Combine(_folder, "home", "common")).FullName;
        for (int variant = 0; variant < messages.Variants; variant++)
            File.WriteAllBytes(Path.Combine(common, $"{variant}"), messages.Content(variant));
        for (int mailbox = 0; mailbox < plan.Mailboxes; mailbox++)
        {
            string maildir = Path.Combine(_folder, "home", $"m{mailbox}", "Maildir");
            foreach (string part in new[] { "cur", "new", "tmp" })
                Directory.CreateDirectory(Path.Combine(maildir, part));
            for (int number = 1; number <= plan.Messages; number++)
            {
                string name = string.Create(CultureInfo.InvariantCulture, $"{1_700_000_000 + number}.M{number}.load,S={plan.Size},W={plan.Size}:2,");
                File.CreateSymbolicLink(Path.Combine(maildir, "cur", name), Path.Combine(common, $"{messages.VariantOf(mailbox, number)}"));
            }
        }
    }

    private string ConfigurationOf(ServerPlan plan, int port) => string.Create(CultureInfo.InvariantCulture, $$"""
        base_dir = {{_folder}}/run
        state_dir = {{_folder}}/state
        log_path = {{_folder}}/dovecot.log
        protocols = pop3
        listen = 127.0.0.1
        ssl = {{(plan.Tls ? "required" : "no")}}
        ssl_cert = <{{_folder}}/cert.pem
        ssl_key = <{{_folder}}/key.pem
        ssl_options = {{(plan.ResumesTls ? "" : "no_ticket")}}
        disable_plaintext_auth = no
        first_valid_uid = 1
        mail_location = maildir:~/Maildir
        mail_fsync = never
        mail_max_userip_connections = 0
        pop3_no_flag_updates = yes
        passdb {
          driver = static
          args = password=password
        }
        userdb {
          driver = static
          args = uid=mail gid=mail home={{_folder}}/home/%u
        }
        service pop3-login {
          service_count = 0
          inet_listener pop3 {
            port = {{(plan.Tls ? 0 : port)}}
          }
          inet_listener pop3s {
            port = {{(plan.Tls ? port : 0)}}
            ssl = yes
          }
        }
        service pop3 {
          service_count = 1000
        }
        service auth {
          client_limit = 5000
        }

        """);

    /// <summary>What it has used since it was last asked. Sessions and messages are counted and hashed by the client alone.</summary>
    private ServerReport Take()
    {
        double cpuSeconds = Family().Sum(CpuSeconds);
        ServerReport report = new(0, 0, 0, 0, cpuSeconds - _cpuSeconds, 0);
        _cpuSeconds = cpuSeconds;
        return report;
    }

    private IEnumerable<string[]> Family()
    {
        string master = _master!.Id.ToString(CultureInfo.InvariantCulture);
        foreach (string folder in Directory.EnumerateDirectories("/proc").Where(folder => char.IsAsciiDigit(Path.GetFileName(folder)[0])))
        {
            string stat;
            try
            {
                stat = File.ReadAllText(Path.Combine(folder, "stat"));
            }
            catch (IOException)
            {
                // It ended meanwhile, and its parent has its time.
                continue;
            }
            string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            if (fields[1] == master || Path.GetFileName(folder) == master)
                yield return fields;
        }
    }

    // proc(5): its own time and that of its children that have ended, in user mode and in the system's, in hundredths of a second.
    private static double CpuSeconds(string[] fields) => fields[11..15].Sum(ticks => long.Parse(ticks, CultureInfo.InvariantCulture)) / 100.0;

    private async Task WhenItListensAsync(int port)
    {
        using CancellationTokenSource patience = new(TimeSpan.FromSeconds(10));
        while (!_master!.HasExited)
        {
            try
            {
                using TcpClient probe = new();
                await probe.ConnectAsync(IPAddress.Loopback, port, patience.Token);
                return;
            }
            catch (SocketException)
            {
                await Task.Delay(20, patience.Token);
            }
        }
        throw new LoadException($"Dovecot did not start: {string.Concat(File.Exists(Path.Combine(_folder, "dovecot.log")) ? File.ReadAllText(Path.Combine(_folder, "dovecot.log")).Take(1000) : [])}");
    }

    private static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
