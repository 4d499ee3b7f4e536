using System.Net;
using System.Net.Sockets;
using System.Text;
using EmailSync.Conformance;
using EmailSync.Protocols.Smtp;
using netDumbster.smtp;

[assembly: AssemblyFixture(typeof(EmailSync.NetDumbster.Tests.NetDumbsterHost))]

namespace EmailSync.NetDumbster.Tests;

/// <summary>netDumbster as a host of the suite. What it lacks, the lab, Postfix and Exim have.</summary>
public sealed class NetDumbsterHost : ISubmissionHost, IDisposable
{
    private readonly SimpleSmtpServer _server = Configuration.Configure().WithAddress(IPAddress.Loopback).WithRandomPort().Build();
    private int _given;

    public IReadOnlyDictionary<Ability, string> Lacks { get; } = new Dictionary<Ability, string>
    {
        [Ability.Tls] = "netDumbster speaks no TLS",
        [Ability.JudgesPasswords] = "netDumbster takes every password",
        [Ability.Login] = "netDumbster offers PLAIN only",
        [Ability.CramMd5] = "netDumbster offers PLAIN only",
        [Ability.Scram] = "netDumbster offers PLAIN only",
        [Ability.Queries] = "netDumbster closes without a word where it does not know a command",
        [Ability.Pipelining] = "netDumbster does not offer it",
        [Ability.Chunking] = "netDumbster does not offer it",
        [Ability.EightBitMime] = "netDumbster turns 8-bit octets into question marks",
        [Ability.SmtpUtf8] = "netDumbster does not offer it",
        [Ability.Dsn] = "netDumbster does not offer it",
        [Ability.SizeLimit] = "netDumbster does not offer it",
        [Ability.KeepsOctets] = "netDumbster keeps stuffed dots and drops the envelope's sender",
        [Ability.KnowsItsRecipients] = "netDumbster takes mail for everybody",
        [Ability.RefusesForGood] = "netDumbster refuses with 451 only",
        [Ability.RefusesRelay] = "netDumbster takes mail for everybody, and sends none on",
        [Ability.LargeContent] = "netDumbster keeps no octets to compare",
    };

    public long MaxSize => throw new NotSupportedException(Lacks[Ability.SizeLimit]);

    public string NobodysAddress => throw new NotSupportedException(Lacks[Ability.KnowsItsRecipients]);

    // It knows no null reverse-path.
    public MailPath DeferredReversePath => MailPath.Null;

    public MailPath RefusedReversePath => throw new NotSupportedException(Lacks[Ability.RefusesForGood]);

    public Account NewAccount() => new($"conforming{Interlocked.Increment(ref _given)}@dumbster.example", "secret");

    public Task<SmtpSession> OpenAsync(Encryption encryption, SmtpOptions? options = null)
    {
        Assert.Equal(Encryption.None, encryption);
        return OpenAsync(_server, options ?? new());
    }

    /// <summary>A session with a server of one's own.</summary>
    public static async Task<SmtpSession> OpenAsync(SimpleSmtpServer server, SmtpOptions options)
    {
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, server.Configuration.Port, TestContext.Current.CancellationToken);
        // It loses octets rather than refuse them, so what goes wrong shows as silence: short patience.
        options = options with { CommandTimeout = TimeSpan.FromSeconds(10), FinalDotTimeout = TimeSpan.FromSeconds(10) };
        return await SmtpSession.OpenAsync(new NetworkStream(socket, ownsSocket: true), options, TestContext.Current.CancellationToken);
    }

    public Task<IReadOnlyList<byte[]>> ReceiveAsync(Account account, int count) => Task.FromResult<IReadOnlyList<byte[]>>(
        [.. _server.ReceivedEmail.Where(email => RecipientsOf(email).Contains(account.Name)).Select(email => Encoding.ASCII.GetBytes(email.Data))]);

    public void Dispose() => _server.Dispose();

    // It sorts the envelope's recipients by the header's fields.
    private static IEnumerable<string> RecipientsOf(SmtpMessage email) =>
        email.ToAddresses.Concat(email.CcAddresses).Concat(email.BccAddresses).Select(address => address.Address);
}

public sealed class SessionsOfNetDumbster(NetDumbsterHost host) : SmtpSessions(host);

public sealed class TransactionsOfNetDumbster(NetDumbsterHost host) : SmtpTransactions(host);

public sealed class ContentsOfNetDumbster(NetDumbsterHost host) : SmtpContents(host);
