using System.Net.Security;
using EmailSync.Appliance.Egress;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Processing;
using EmailSync.Lab;
using EmailSync.Protocols.Pop3;
using EmailSync.Protocols.Testing;

namespace EmailSync.Appliance.Tests.Processing;

/// <summary>A server that takes a first handshake and ends those that resume its session, as some Dovecots do, is polled all the same.</summary>
public sealed class ResumptionTroubleTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly LabCertificateAuthority _authority = new();
    private readonly List<TestStep> _steps = [];
    private int _served;
    private Func<int, bool> _ends = static _ => false;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(TlsMode.Implicit)]
    [InlineData(TlsMode.StartTls)]
    public async Task A_handshake_that_is_ended_is_tried_once_more_at_once(TlsMode security)
    {
        // The second connection is the first that could resume.
        _ends = static number => number == 2;
        await using TlsPeer peer = Peer(security);
        SessionOpener opener = new(new Dialer(TimeProvider.System), new SessionSettings());
        Route route = RouteTo(peer, security);
        await PollAsync(opener, route);
        _steps.Clear();

        await PollAsync(opener, route);

        Assert.Equal(3, peer.Connections);
        Assert.Contains(_steps, step => step is { Name: StepNames.Tls, Outcome: StepOutcome.Skipped }
            && step.Detail.EndsWith("Once more, without resuming a session of before", StringComparison.Ordinal));
        Assert.DoesNotContain(_steps, step => step.Outcome == StepOutcome.Failed);
    }

    [Fact]
    public async Task A_server_that_ends_every_handshake_is_tried_no_more_than_twice()
    {
        _ends = static number => number >= 2;
        await using TlsPeer peer = Peer(TlsMode.Implicit);
        SessionOpener opener = new(new Dialer(TimeProvider.System), new SessionSettings());
        Route route = RouteTo(peer, TlsMode.Implicit);
        await PollAsync(opener, route);

        await Assert.ThrowsAsync<SessionOpeningException>(() => PollAsync(opener, route));
        Assert.Equal(3, peer.Connections);
        await Assert.ThrowsAsync<SessionOpeningException>(() => PollAsync(opener, route));
        Assert.Equal(4, peer.Connections);
    }

    public void Dispose() => _authority.Dispose();

    private async Task PollAsync(SessionOpener opener, Route route)
    {
        StepRecorder steps = new(MailService.Pop3, TimeProvider.System, _steps.Add);
        await using Pop3Session session = await opener.GreetPop3Async(route, Patience, steps, Cancel);
        await session.QuitAsync(Cancel);
    }

    private TlsPeer Peer(TlsMode security)
    {
        SslServerAuthenticationOptions options = new()
        {
            ServerCertificateContext = SslStreamCertificateContext.Create(_authority.Issue(), null, offline: true),
        };
        return new(async (stream, cancellationToken) =>
        {
            int number = Interlocked.Increment(ref _served);
            if (security == TlsMode.StartTls)
            {
                await SayAsync(stream, "+OK ready\r\n", cancellationToken);
                await TlsPeer.HearAsync(stream, cancellationToken);
                await SayAsync(stream, "+OK go\r\n", cancellationToken);
            }
            if (_ends(number))
            {
                await TlsPeer.HearAsync(stream, cancellationToken);
                return;
            }
            await using SslStream tls = new(stream);
            await tls.AuthenticateAsServerAsync(options, cancellationToken);
            if (security == TlsMode.Implicit)
                await SayAsync(tls, "+OK ready\r\n", cancellationToken);
            while ((await TlsPeer.HearAsync(tls, cancellationToken)).Length > 0)
                await SayAsync(tls, "-ERR no\r\n", cancellationToken);
        });
    }

    private static async Task SayAsync(Stream stream, string line, CancellationToken cancellationToken) =>
        await stream.WriteAsync(System.Text.Encoding.ASCII.GetBytes(line), cancellationToken);

    private Route RouteTo(TlsPeer peer, TlsMode security) => Route.Admit(
        EgressPolicy.ForTools(govMode: false), MailService.Pop3, new(HostName.Parse("localhost"), peer.Port, security),
        new() { TrustedCertificates = _authority.RootPem });
}
