namespace EmailSync.Appliance.Processing;

/// <summary>How long to wait after a failure. Pure.</summary>
public static class Backoff
{
    /// <summary>The original's: so often a failing mailbox is tried at the same pace.</summary>
    public const int TransientFailures = 10;

    /// <summary>The original's pace.</summary>
    public static readonly TimeSpan TransientPause = TimeSpan.FromMinutes(5);

    /// <summary>The longest a failing mailbox waits: nothing is switched off silently, it recovers by itself.</summary>
    public static readonly TimeSpan LongestPause = TimeSpan.FromHours(6);

    /// <summary>After this long an outgoing email is given up (RFC 5321 4.5.4.1; Postfix's maximal_queue_lifetime).</summary>
    public static readonly TimeSpan DeliveryLifetime = TimeSpan.FromDays(5);

    private static readonly TimeSpan ShortestDeliveryPause = TimeSpan.FromSeconds(300);
    private static readonly TimeSpan LongestDeliveryPause = TimeSpan.FromSeconds(4000);
    private static readonly TimeSpan FirstServerPause = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LongestServerPause = TimeSpan.FromMinutes(30);

    /// <summary>For a mailbox after its n-th transient failure in a row, counted from 1: 5 minutes ten times, then doubling to 6 hours.</summary>
    public static TimeSpan ForMailbox(int failures) => failures <= TransientFailures
        ? TransientPause
        : Doubled(TransientPause, failures - TransientFailures, LongestPause);

    /// <summary>For all mailboxes on a server after its n-th suspension in a row, counted from 1: a minute, doubling to half an hour.</summary>
    public static TimeSpan ForServer(int suspensions) => Doubled(FirstServerPause, suspensions - 1, LongestServerPause);

    /// <summary>
    /// For an outgoing email: as long as it has waited already, within Postfix's bounds of 300 and 4,000 seconds; null where it has waited
    /// five days.
    /// </summary>
    public static TimeSpan? ForDelivery(TimeSpan age) => age >= DeliveryLifetime ? null
        : age < ShortestDeliveryPause ? ShortestDeliveryPause
        : age < LongestDeliveryPause ? age : LongestDeliveryPause;

    /// <summary>Spreads a pause by up to a tenth to either side, so that what failed together does not come back together.</summary>
    /// <param name="pause">The pause.</param>
    /// <param name="random">From 0 to 1.</param>
    public static TimeSpan Spread(TimeSpan pause, double random) => pause * (0.9 + 0.2 * random);

    private static TimeSpan Doubled(TimeSpan first, int times, TimeSpan longest) =>
        times < Math.Log2(longest / first) ? first * Math.Pow(2, times) : longest;
}
