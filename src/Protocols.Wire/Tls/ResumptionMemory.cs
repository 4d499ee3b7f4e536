using System.Collections.Concurrent;

namespace EmailSync.Protocols.Wire.Tls;

/// <summary>
/// Remembers which hosts end handshakes that resume a session, so that they are met without. Such a host is, for one, a Dovecot that verifies
/// client certificates: it takes the first handshake, and closes the connection on every one after it.
/// </summary>
/// <remarks>
/// The platform offers to resume by itself and does not say whether it did, so this goes by what came of it. A handshake that fails at a host
/// where one has succeeded before may have failed for that, and the next one does not resume. If that succeeds, the host is met without resumption
/// for an hour; if it fails as well, the reason was another. A connection that was lost by chance costs no more than that hour of whole
/// handshakes. For many hosts and threads.
/// </remarks>
public sealed class ResumptionMemory
{
    /// <summary>How long a host is met without resumption before it is tried again, at the price of a handshake.</summary>
    public static readonly TimeSpan Span = TimeSpan.FromHours(1);

    // More hosts than that are not remembered; each would cost a hundred octets.
    private const int MaxHosts = 10_000;

    private readonly ConcurrentDictionary<string, Experience> _hosts = new(StringComparer.Ordinal);

    private enum State { Resuming, Suspected, Refusing }

    /// <summary>A handshake with the host may resume a session.</summary>
    internal bool Allows(string host, TimeProvider clock) =>
        !_hosts.TryGetValue(host, out Experience known) || known.State switch
        {
            State.Resuming => true,
            State.Suspected => false,
            _ => clock.GetElapsedTime(known.Since) >= Span,
        };

    /// <summary>A handshake has succeeded.</summary>
    /// <param name="host">Whose.</param>
    /// <param name="couldResume">What <see cref="Allows"/> had said.</param>
    /// <param name="clock">The clock of <see cref="Span"/>.</param>
    internal void Succeeded(string host, bool couldResume, TimeProvider clock)
    {
        if (couldResume)
        {
            // What is known of it stands: also what another handshake has found out meanwhile.
            if (_hosts.ContainsKey(host))
                return;
            if (_hosts.Count >= MaxHosts)
                _hosts.Clear();
            _hosts.TryAdd(host, new(State.Resuming, 0));
        }
        else if (_hosts.TryGetValue(host, out Experience known) && known.State == State.Suspected)
        {
            _hosts.TryUpdate(host, new(State.Refusing, clock.GetTimestamp()), known);
        }
    }

    /// <summary>A handshake has failed, and not for the peer's certificate.</summary>
    /// <returns>The reason may be that it resumed a session: another one is worth its while.</returns>
    internal bool Failed(string host, bool couldResume)
    {
        if (!_hosts.TryGetValue(host, out Experience known))
            return false;
        if (couldResume)
        {
            _hosts.TryUpdate(host, new(State.Suspected, 0), known);
            return true;
        }
        if (known.State == State.Suspected)
            _hosts.TryRemove(new(host, known));
        return false;
    }

    private readonly record struct Experience(State State, long Since);
}
