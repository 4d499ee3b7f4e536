using System.Net;

namespace EmailSync.Appliance.Api;

/// <summary>
/// Counts refused sign-ins by the address they came from. A right token is never counted and never shut out: with 256 random bits nobody
/// guesses one, and a lock would let any process of the machine shut out the applications. What the limit spares is the work and the noise.
/// </summary>
public sealed class FailureLimit(TimeProvider clock)
{
    /// <summary>Refusals within <see cref="Window"/> that are still answered one by one.</summary>
    public const int Allowed = 10;

    /// <summary>How long refusals are counted together.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    // Addresses that are remembered at once; when there are more, all are forgotten.
    private const int MostAddresses = 10_000;

    private readonly Lock _lock = new();
    private readonly Dictionary<IPAddress, (long Began, int Count)> _failures = [];

    /// <summary>Counts a refusal. Returns how long its address should wait, or null where it may try again at once.</summary>
    public TimeSpan? Count(IPAddress address)
    {
        lock (_lock)
        {
            if (_failures.Count >= MostAddresses && !_failures.ContainsKey(address))
                _failures.Clear();
            if (!_failures.TryGetValue(address, out (long Began, int Count) seen) || clock.GetElapsedTime(seen.Began) >= Window)
                seen = (clock.GetTimestamp(), 0);
            _failures[address] = seen with { Count = seen.Count + 1 };
            return seen.Count < Allowed ? null : Window - clock.GetElapsedTime(seen.Began);
        }
    }
}
