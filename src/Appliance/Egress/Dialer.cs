// The lockdown rests on one door: this is the only file that resolves names and opens sockets to other machines.
#pragma warning disable RS0030

using System.Net;
using System.Net.Sockets;
using EmailSync.Appliance.Model;
using EmailSync.Protocols.Wire;
using EmailSync.Protocols.Wire.Tls;

namespace EmailSync.Appliance.Egress;

/// <summary>Resolves, connects and encrypts, within one budget of time.</summary>
public sealed class Dialer : IDialer
{
    /// <summary>More addresses than this are not tried: a name can have thousands (RFC 5321 section 5.1 leaves the limit to us).</summary>
    internal const int MaxAddresses = 8;

    // RFC 8305 section 5 recommends 250 ms before the next address is tried beside the one that has not answered yet.
    internal static readonly TimeSpan AttemptDelay = TimeSpan.FromMilliseconds(250);

    private readonly ResumptionMemory _resumption = new();
    private readonly RevocationJudge _revocation;
    private readonly TimeProvider _clock;
    private readonly Func<string, CancellationToken, Task<IPAddress[]>> _resolve;

    /// <summary>A dialer that asks the system's resolver.</summary>
    public Dialer(TimeProvider clock)
        : this(clock, Dns.GetHostAddressesAsync)
    {
    }

    /// <summary>A dialer with a resolver of its own.</summary>
    internal Dialer(TimeProvider clock, Func<string, CancellationToken, Task<IPAddress[]>> resolve) =>
        (_clock, _resolve, _revocation) = (clock, resolve, new(this, clock));

    /// <inheritdoc />
    public async ValueTask<Stream> DialAsync(Route route, IDialWatcher? watcher, CancellationToken cancellationToken)
    {
        using DialBudget budget = new(route, _clock, cancellationToken);
        TlsClient? tls = route.Location.Security == TlsMode.Implicit ? TlsFor(route, watcher, budget) : null;
        try
        {
            IReadOnlyList<IPEndPoint> endPoints = await ResolveAsync(route, watcher, budget.Token);

            budget.Step = "connecting";
            Socket socket = await ConnectToAnyAsync(route, endPoints, budget.Token);
            NetworkStream stream = new(socket, ownsSocket: true);
            watcher?.Connected((IPEndPoint)socket.RemoteEndPoint!);
            if (tls is null)
                return stream;

            budget.Step = "the TLS handshake";
            return await tls.AuthenticateAsync(stream, budget.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw budget.Exhausted();
        }
    }

    /// <inheritdoc />
    public TlsUpgrade? UpgradeFor(Route route, IDialWatcher? watcher) => route.Location.Security != TlsMode.StartTls ? null :
        async (cleartext, cancellationToken) =>
        {
            using DialBudget budget = new(route, _clock, cancellationToken) { Step = "the TLS handshake" };
            try
            {
                return await TlsFor(route, watcher, budget).AuthenticateAsync(cleartext, budget.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                throw budget.Exhausted();
            }
        };

    private TlsClient TlsFor(Route route, IDialWatcher? watcher, DialBudget budget) => new(route.Location.Host.Name, route.TlsOptions(_clock) with
    {
        Resumption = _resumption,
        Secured = watcher is null ? null : watcher.Secured,
        JudgeRevocation = !route.ChecksRevocation ? null : (chain, giveUp) =>
        {
            budget.Step = "the check of its certificate for revocation";
            return _revocation.WhyRefusedAsync(route.Policy, chain, giveUp);
        },
    });

    /// <summary>Looks a name up and connects to nothing. Null where it has an address, and otherwise why not.</summary>
    internal static async Task<string?> WhyNotResolvedAsync(HostName host, CancellationToken cancellationToken)
    {
        try
        {
            if (host.Address is null)
                await new Dialer(TimeProvider.System).LookUpAsync(host, cancellationToken);
            return null;
        }
        catch (NameResolutionException failure)
        {
            return failure.Message;
        }
    }

    private async Task<IReadOnlyList<IPEndPoint>> ResolveAsync(Route route, IDialWatcher? watcher, CancellationToken cancellationToken)
    {
        HostName host = route.Location.Host;
        IPAddress[] addresses = host.Address is { } literal ? [literal] : await LookUpAsync(host, cancellationToken);
        watcher?.Resolved(addresses);

        // The address that was judged is the address that is connected to: the name is not asked again (DNS rebinding).
        ILookup<bool, IPAddress> judged = addresses.ToLookup(address => route.Policy.WhyNot(address) is null);
        if (!judged[true].Any())
        {
            throw new EgressDeniedException(
                $"{host} has only addresses that may not be connected to. {route.Policy.WhyNot(addresses[0])}");
        }
        return [.. Interleave(judged[true]).Take(MaxAddresses).Select(address => new IPEndPoint(address, route.Location.Port))];
    }

    private async Task<IPAddress[]> LookUpAsync(HostName host, CancellationToken cancellationToken)
    {
        try
        {
            // The platform's resolver hears no cancellation once it has begun, except on Windows.
            IPAddress[] addresses = await _resolve(host.Name, cancellationToken).WaitAsync(cancellationToken);
            return addresses.Length > 0 ? addresses : throw new NameResolutionException($"The name {host} has no address.", isTransient: false, null);
        }
        catch (SocketException exception)
        {
            bool isTransient = exception.SocketErrorCode is not (SocketError.HostNotFound or SocketError.NoData);
            string what = isTransient ? "No name server answered for" : "There is no address for the name";
            throw new NameResolutionException($"{what} {host}: {exception.Message}", isTransient, exception);
        }
    }

    /// <summary>The families by turns, so that a machine whose IPv6 leads nowhere loses one attempt and not eight (RFC 8305 section 4).</summary>
    internal static IEnumerable<IPAddress> Interleave(IEnumerable<IPAddress> addresses) => addresses
        .Distinct()
        .GroupBy(address => address.AddressFamily)
        .SelectMany(family => family.Select((address, rank) => (address, rank)))
        .OrderBy(ranked => ranked.rank)
        .Select(ranked => ranked.address);

    // Happy eyeballs: the next address is tried as soon as one fails, or beside it when it has not answered for a while.
    private async Task<Socket> ConnectToAnyAsync(Route route, IReadOnlyList<IPEndPoint> endPoints, CancellationToken cancellationToken)
    {
        using CancellationTokenSource race = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        List<Task<Socket>> running = [];
        List<Exception> failures = [];
        try
        {
            for (int started = 0; running.Count > 0 || started < endPoints.Count;)
            {
                List<Task> awaited = [];
                if (started < endPoints.Count)
                {
                    running.Add(ConnectAsync(endPoints[started++], race.Token));
                    if (started < endPoints.Count)
                        awaited.Add(Task.Delay(AttemptDelay, _clock, race.Token));
                }
                awaited.AddRange(running);

                if (await Task.WhenAny(awaited) is not Task<Socket> ended)
                    continue;
                running.Remove(ended);
                if (ended.IsCompletedSuccessfully)
                    return await ended;
                cancellationToken.ThrowIfCancellationRequested();
                failures.Add(ended.Exception!.InnerException!);
            }

            string reasons = string.Join("; ", failures.Select(failure => failure.Message).Distinct());
            throw new ConnectException($"No connection to {route.Location}: {reasons}.", failures[^1]);
        }
        finally
        {
            await race.CancelAsync();
            foreach (Task<Socket> loser in running)
            {
                await ((Task)loser).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // it lost, however it ended
                if (loser.IsCompletedSuccessfully)
                    (await loser).Dispose();
            }
        }
    }

    private static async Task<Socket> ConnectAsync(IPEndPoint endPoint, CancellationToken cancellationToken)
    {
        Socket socket = new(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.NoDelay = true;
            // A peer that vanished without a FIN is noticed within two minutes, also while a server is silent for longer by right.
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 60);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 10);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 6);
            await socket.ConnectAsync(endPoint, cancellationToken);
            return socket;
        }
        catch (SocketException exception)
        {
            socket.Dispose();
            throw new ConnectException($"{endPoint.Address}: {exception.Message}", exception);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>The route's connection timeout, beside the caller's cancellation.</summary>
    private sealed class DialBudget : IDisposable
    {
        private readonly Route _route;
        private readonly CancellationTokenSource _timeout;
        private readonly CancellationTokenSource _either;

        public DialBudget(Route route, TimeProvider clock, CancellationToken cancellationToken)
        {
            _route = route;
            _timeout = new(route.Options.ConnectionTimeout, clock);
            _either = CancellationTokenSource.CreateLinkedTokenSource(_timeout.Token, cancellationToken);
        }

        public CancellationToken Token => _either.Token;

        /// <summary>What is being done.</summary>
        public string Step { get; set; } = "name resolution";

        public TimeoutException Exhausted() => new(
            $"No connection to {_route.Location} within {_route.Options.ConnectionTimeout.TotalSeconds:0.###} s; the time ran out during {Step}.");

        public void Dispose()
        {
            _either.Dispose();
            _timeout.Dispose();
        }
    }
}
