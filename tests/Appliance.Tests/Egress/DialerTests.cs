using System.Net;
using System.Net.Sockets;
using EmailSync.Appliance.Egress;
using EmailSync.Appliance.Model;
using EmailSync.Protocols.Testing;
using EmailSync.Protocols.Wire.Tls;
using Microsoft.Extensions.Time.Testing;

namespace EmailSync.Appliance.Tests.Egress;

/// <summary>Name resolution and connections: what is tried, in which order, for how long, and what never is.</summary>
public sealed class DialerTests
{
    private static readonly EgressPolicy Open = EgressPolicy.ForTools(govMode: false);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory, InlineData("127.0.0.1"), InlineData("::ffff:127.0.0.1")]
    public async Task No_packet_leaves_to_an_address_that_the_policy_denies(string answer)
    {
        await using TlsPeer peer = new((_, _) => Task.CompletedTask);
        EgressPolicy policy = EgressPolicy.Commercial(new() { AdditionalPorts = [peer.Port] });
        Route route = Route.Admit(policy, MailService.Pop3, new(HostName.Parse("rebound.example.com"), peer.Port, TlsMode.StartTls));

        EgressDeniedException denied = await Assert.ThrowsAsync<EgressDeniedException>(
            async () => await Resolving(answer).DialAsync(route, null, Cancel));

        Assert.Contains($"The address {answer} is on this machine", denied.Message, StringComparison.Ordinal);
        await AssertNobodyCameAsync(peer);
    }

    [Fact]
    public async Task A_name_that_is_local_to_the_machine_is_denied_through_the_systems_resolver_too()
    {
        await using TlsPeer peer = new((_, _) => Task.CompletedTask);
        EgressPolicy policy = EgressPolicy.Commercial(new() { AdditionalPorts = [peer.Port] });
        Route route = Route.Admit(policy, MailService.Pop3, new(HostName.Parse("localhost"), peer.Port, TlsMode.StartTls));

        await Assert.ThrowsAsync<EgressDeniedException>(async () => await new Dialer(TimeProvider.System).DialAsync(route, null, Cancel));
        await AssertNobodyCameAsync(peer);
    }

    [Fact]
    public async Task Of_a_mixed_answer_only_the_admitted_addresses_are_tried_and_the_name_is_asked_once()
    {
        await using TlsPeer peer = new((_, _) => Task.CompletedTask);
        int asked = 0;
        Dialer dialer = new(TimeProvider.System, (_, _) =>
        {
            asked++;
            return Task.FromResult<IPAddress[]>([IPAddress.Parse("169.254.169.254"), IPAddress.Loopback]);
        });
        Watcher watcher = new();

        await using Stream stream = await dialer.DialAsync(RouteTo("mixed.example.com", peer.Port), watcher, Cancel);

        Assert.Equal(1, asked);
        Assert.Equal("127.0.0.1", watcher.EndPoint!.Address.ToString());
        Assert.Equal(2, watcher.Addresses!.Count);
    }

    [Fact]
    public async Task An_address_that_refuses_is_followed_by_the_next_at_once()
    {
        await using TlsPeer peer = new((_, _) => Task.CompletedTask);
        // On Linux all of 127/8 is this machine, and nobody listens on 127.0.0.2. The clock stands still: no waiting is needed.
        Dialer dialer = Resolving(new FakeTimeProvider(), "127.0.0.2", "127.0.0.1");

        await using Stream stream = await dialer.DialAsync(RouteTo("two.example.com", peer.Port), null, Cancel);

        await peer.FirstConnection.WaitAsync(Cancel);
        Assert.Equal(1, peer.Connections);
    }

    [Fact]
    public async Task Where_every_address_refuses_each_is_named()
    {
        int port = FreePort();

        ConnectException refused = await Assert.ThrowsAsync<ConnectException>(
            async () => await Resolving("127.0.0.1", "127.0.0.2").DialAsync(RouteTo("down.example.com", port), null, Cancel));

        Assert.StartsWith($"No connection to down.example.com:{port} (STARTTLS): 127.0.0.1: Connection refused; 127.0.0.2: Connection refused",
            refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_without_an_address_is_no_connection_problem()
    {
        Dialer dialer = new(TimeProvider.System, (_, _) => throw new SocketException((int)SocketError.HostNotFound));

        NameResolutionException exception = await Assert.ThrowsAsync<NameResolutionException>(
            async () => await dialer.DialAsync(RouteTo("nowhere.example.com", 995), null, Cancel));

        Assert.False(exception.IsTransient);
        Assert.Contains("nowhere.example.com", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_resolver_that_does_not_answer_is_worth_another_try()
    {
        Dialer dialer = new(TimeProvider.System, (_, _) => throw new SocketException((int)SocketError.TryAgain));

        NameResolutionException exception = await Assert.ThrowsAsync<NameResolutionException>(
            async () => await dialer.DialAsync(RouteTo("mail.example.com", 995), null, Cancel));

        Assert.True(exception.IsTransient);
    }

    [Fact]
    public async Task An_empty_answer_is_no_address()
    {
        NameResolutionException exception = await Assert.ThrowsAsync<NameResolutionException>(
            async () => await Resolving().DialAsync(RouteTo("empty.example.com", 995), null, Cancel));

        Assert.False(exception.IsTransient);
    }

    [Fact]
    public async Task The_route_s_time_bounds_name_resolution()
    {
        FakeTimeProvider clock = new();
        Dialer dialer = new(clock, Never);
        ValueTask<Stream> dialing = dialer.DialAsync(RouteTo("slow.example.com", 995), null, Cancel);

        clock.Advance(TimeSpan.FromSeconds(30));

        TimeoutException exception = await Assert.ThrowsAsync<TimeoutException>(async () => await dialing);
        Assert.Equal("No connection to slow.example.com:995 (STARTTLS) within 30 s; the time ran out during name resolution.", exception.Message);
    }

    [Fact]
    public async Task The_callers_cancellation_stays_a_cancellation()
    {
        using CancellationTokenSource giveUp = new();
        ValueTask<Stream> dialing = new Dialer(new FakeTimeProvider(), Never).DialAsync(RouteTo("slow.example.com", 995), null, giveUp.Token);

        await giveUp.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await dialing);
    }

    [Fact]
    public void N_09_families_take_turns_and_a_thousand_addresses_are_not_tried()
    {
        IPAddress[] answer =
        [
            .. Enumerable.Range(1, 500).Select(i => IPAddress.Parse($"2606:4700::{i:x}")),
            .. Enumerable.Range(1, 200).Select(i => IPAddress.Parse($"9.9.9.{i}")),
        ];

        Assert.Equal(
            ["2606:4700::1", "9.9.9.1", "2606:4700::2", "9.9.9.2", "2606:4700::3", "9.9.9.3", "2606:4700::4", "9.9.9.4"],
            Dialer.Interleave(answer).Take(Dialer.MaxAddresses).Select(address => address.ToString()));
    }

    [Theory, InlineData(TlsMode.Implicit), InlineData(TlsMode.None)]
    public void There_is_nothing_to_upgrade_with_on_a_route_that_does_not_begin_in_cleartext_to_become_encrypted(TlsMode security)
    {
        Route route = Route.Admit(Open, MailService.Pop3, new(HostName.Parse("mail.example.com"), 995, security));

        Assert.Null(new Dialer(TimeProvider.System).UpgradeFor(route, null));
    }

    /// <summary>A resolver as most platforms have it: it does not answer, and does not listen to the token either.</summary>
    private static Task<IPAddress[]> Never(string name, CancellationToken cancellationToken) => new TaskCompletionSource<IPAddress[]>().Task;

    private static Dialer Resolving(params string[] addresses) => Resolving(TimeProvider.System, addresses);

    private static Dialer Resolving(TimeProvider clock, params string[] addresses) =>
        new(clock, (_, _) => Task.FromResult(Array.ConvertAll(addresses, IPAddress.Parse)));

    private static Route RouteTo(string host, int port) =>
        Route.Admit(Open, MailService.Pop3, new(HostName.Parse(host), port, TlsMode.StartTls));

    private static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>Connects once itself: connections are accepted in order, so whoever came before would be counted.</summary>
    private static async Task AssertNobodyCameAsync(TlsPeer peer)
    {
        using TcpClient client = new();
        await client.ConnectAsync(IPAddress.Loopback, peer.Port, Cancel);
        await peer.FirstConnection;
        Assert.Equal(1, peer.Connections);
    }

    private sealed class Watcher : IDialWatcher
    {
        public IReadOnlyList<IPAddress>? Addresses { get; private set; }

        public IPEndPoint? EndPoint { get; private set; }

        public void Resolved(IReadOnlyList<IPAddress> addresses) => Addresses = addresses;

        public void Connected(IPEndPoint endPoint) => EndPoint = endPoint;

        public void Secured(TlsFacts facts)
        {
        }
    }
}
