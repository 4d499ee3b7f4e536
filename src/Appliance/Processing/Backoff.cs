using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Processing;

/// <summary>How long to wait after a failure. Pure.</summary>
public static class Backoff
{
    /// <summary>The original's pace, where nothing else is asked for.</summary>
    public static readonly TimeSpan TransientPause = TimeSpan.FromMinutes(5);

    /// <summary>The longest a failing mailbox waits: nothing is switched off silently, it recovers by itself.</summary>
    public static readonly TimeSpan LongestPause = TimeSpan.FromHours(6);

    private const int EmptyPollsPerStep = 6;

    private static readonly TimeSpan FirstServerPause = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LongestServerPause = TimeSpan.FromMinutes(30);

    /// <summary>
    /// For a mailbox after its n-th transient failure in a row, counted from 1: the rules' pause as often as they say, then doubling to
    /// <see cref="LongestPause"/>.
    /// </summary>
    public static TimeSpan ForMailbox(int failures, RetryRules rules)
    {
        TimeSpan pause = TimeSpan.FromSeconds(rules.MailboxBackoffOnTransientError);
        return failures <= rules.MaxMailboxTransientFailures
            ? pause
            : Doubled(pause, failures - rules.MaxMailboxTransientFailures, pause > LongestPause ? pause : LongestPause);
    }

    /// <summary>For all mailboxes on a server after its n-th suspension in a row, counted from 1: a minute, doubling to half an hour.</summary>
    public static TimeSpan ForServer(int suspensions) => Doubled(FirstServerPause, suspensions - 1, LongestServerPause);

    /// <summary>
    /// For an outgoing email: as long as it has waited already, within the rules' bounds (by default Postfix's, of 300 and 4,000 seconds);
    /// null where it is given up.
    /// </summary>
    /// <param name="age">How long ago it was submitted.</param>
    /// <param name="attempts">How often it was tried, with the attempt that has just ended.</param>
    /// <param name="rules">The rules.</param>
    public static TimeSpan? ForDelivery(TimeSpan age, int attempts, RetryRules rules)
    {
        if (age >= TimeSpan.FromHours(rules.EmailDeliveryLifetimeHours) || attempts >= rules.MaximumEmailDeliveryAttempts)
            return null;
        TimeSpan shortest = TimeSpan.FromSeconds(rules.EmailDeliveryShortestBackoff);
        TimeSpan longest = TimeSpan.FromSeconds(rules.EmailDeliveryLongestBackoff);
        return age < shortest ? shortest : age < longest ? age : longest;
    }

    /// <summary>
    /// To the next poll of a mailbox that works: its interval, and up to a tenth more, never less. Each six polls in a row that brought
    /// nothing make it longer by the interval, as far as the rules say.
    /// </summary>
    /// <param name="interval">The profile's.</param>
    /// <param name="emptyPolls">In a row.</param>
    /// <param name="rules">The rules.</param>
    /// <param name="random">From 0 to 1.</param>
    public static TimeSpan ForPoll(TimeSpan interval, int emptyPolls, PollingRules rules, double random) =>
        interval * Math.Min(rules.MaxIdleFactor, 1 + emptyPolls / EmptyPollsPerStep) * (1 + 0.1 * random);

    /// <summary>Spreads a pause by up to a tenth to either side, so that what failed together does not come back together.</summary>
    /// <param name="pause">The pause.</param>
    /// <param name="random">From 0 to 1.</param>
    public static TimeSpan Spread(TimeSpan pause, double random) => pause * (0.9 + 0.2 * random);

    private static TimeSpan Doubled(TimeSpan first, int times, TimeSpan longest) =>
        times < Math.Log2(longest / first) ? first * Math.Pow(2, times) : longest;
}
