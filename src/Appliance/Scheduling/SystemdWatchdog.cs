using System.Globalization;
using EmailSync.Appliance.Store;
using Microsoft.Extensions.Hosting.Systemd;

namespace EmailSync.Appliance.Scheduling;

/// <summary>
/// Tells systemd that the appliance lives, where the unit asks for it (WatchdogSec=): twice in the time that it gives, and each time only
/// once the store has answered. An appliance that hangs is started anew; one whose disk is full lives, and says so in /readyz.
/// </summary>
/// <param name="notifier">Reaches systemd.</param>
/// <param name="store">Is asked first.</param>
/// <param name="clock">Measures the time.</param>
/// <param name="patience">After so long without a word systemd ends the process.</param>
public sealed class SystemdWatchdog(ISystemdNotifier notifier, IStore store, TimeProvider clock, TimeSpan patience) : Watch(patience / 2, clock)
{
    // A timer takes no more than 49 days, and nobody waits longer than one for a restart.
    private const long MostMicroseconds = 24L * 60 * 60 * 1_000_000;

    private static readonly ServiceState Alive = new("WATCHDOG=1");

    /// <summary>After how long without a word from this process systemd ends it; null where it does not.</summary>
    /// <param name="variable">Reads the environment.</param>
    public static TimeSpan? PatienceOf(Func<string, string?> variable) =>
        long.TryParse(variable("WATCHDOG_USEC"), NumberStyles.None, CultureInfo.InvariantCulture, out long microseconds) && microseconds > 0
        && (variable("WATCHDOG_PID") is not { Length: > 0 } meant || meant == Environment.ProcessId.ToString(CultureInfo.InvariantCulture))
            ? TimeSpan.FromMicroseconds(Math.Min(microseconds, MostMicroseconds))
            : null;

    /// <inheritdoc />
    public override async Task LookAsync(CancellationToken cancellationToken)
    {
        try
        {
            await store.Settings.ReadAsync(cancellationToken);
        }
        catch (StorageException)
        {
            // It answered. What is wrong with the disk is an alert, and no reason to begin anew.
        }

        notifier.Notify(Alive);
    }

    /// <inheritdoc />
    protected override Task BeginAsync(CancellationToken cancellationToken) => LookAsync(cancellationToken);
}
