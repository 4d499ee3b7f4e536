using System.Collections.Immutable;

namespace EmailSync.Lab;

/// <summary>The script of a server and how often each of its strikes has come up.</summary>
internal sealed class MisbehaviourScript(IEnumerable<Misbehaviour> behaviours)
{
    private readonly ImmutableArray<Rule> _rules = [.. behaviours.Select(behaviour => new Rule(behaviour))];

    public bool IsEmpty => _rules.IsEmpty;

    /// <summary>Whether any connection may have to be slowed down.</summary>
    public bool IsSlow => _rules.Any(rule =>
        rule.Behaviour is Oddity oddity && (oddity.Delay > TimeSpan.Zero || oddity.DripOctets > 0));

    /// <summary>The strike that is due now, if any; finding it counts as its having come up.</summary>
    public Strike? Take(LabConnection connection, string at, bool isAfter, string line = "", int message = 0)
    {
        foreach (Rule rule in _rules)
        {
            if (rule.Behaviour is Strike strike && strike.At == at && strike.IsAfter == isAfter
                && Concerns(strike, connection)
                && (strike.Argument is null || line.Contains(strike.Argument, StringComparison.OrdinalIgnoreCase))
                && (strike.Message is null || strike.Message == message)
                && rule.IsDue(strike))
                return strike;
        }
        return null;
    }

    public IEnumerable<Oddity> OdditiesOf(LabConnection connection) =>
        _rules.Select(rule => rule.Behaviour).OfType<Oddity>().Where(oddity => Concerns(oddity, connection));

    private static bool Concerns(Misbehaviour behaviour, LabConnection connection) =>
        (behaviour.Service is null || behaviour.Service == connection.Service)
        && (behaviour.Connection is null || behaviour.Connection == connection.OrdinalAtListener)
        && (behaviour.Mailbox is null
            || string.Equals(behaviour.Mailbox, connection.UserName, StringComparison.OrdinalIgnoreCase));

    private sealed class Rule(Misbehaviour behaviour)
    {
        private int _seen;

        public Misbehaviour Behaviour { get; } = behaviour;

        public bool IsDue(Strike strike)
        {
            int before = Interlocked.Increment(ref _seen) - 1;
            return before >= strike.Skip && before - strike.Skip < strike.Times;
        }
    }
}
