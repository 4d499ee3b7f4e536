namespace EmailSync.Appliance.Scheduling;

/// <summary>
/// How many sessions one server is trusted with. It starts low and grows with every session that goes well, so that a start and the end of
/// an outage are no stampede; a server that refuses sessions because there are too many gets half as many, and then slowly more again.
/// The rule is that of TCP's congestion window (RFC 5681 section 3.1).
/// </summary>
internal sealed class Allowance
{
    private const double AtStart = 8;
    private const double Unbounded = 20_000;

    private double _sessions = AtStart;
    private double _threshold = Unbounded;

    /// <summary>Sessions that may run at once.</summary>
    public int Sessions => (int)_sessions;

    /// <summary>Grows by one at each reduction: a session carries the number of its start, so that one wave of refusals counts once.</summary>
    public int Epoch { get; private set; }

    /// <summary>A session that began in an epoch ended well.</summary>
    public void Grow() => _sessions = Math.Min(Unbounded, _sessions + (_sessions < _threshold ? 1 : 1 / _sessions));

    /// <summary>A session that began in an epoch was refused.</summary>
    public void Halve(int epoch)
    {
        if (epoch != Epoch)
            return;
        Epoch++;
        _sessions = _threshold = Math.Max(1, _sessions / 2);
    }

    /// <summary>The server was away: it is approached from one session up.</summary>
    public void StartOver()
    {
        Epoch++;
        _threshold = Math.Max(1, _sessions / 2);
        _sessions = 1;
    }
}
