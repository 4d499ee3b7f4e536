using EmailSync.Load.Messages;
using EmailSync.Load.Running;

namespace EmailSync.Load.Server;

/// <summary>What a server has done since it was last asked.</summary>
internal sealed class ServerCount
{
    private readonly Lock _gate = new();
    private long _sessions;
    private Tally _tally;
    private double _cpuSeconds;
    private double _lastAt;

    public void EndSession()
    {
        lock (_gate)
        {
            _sessions++;
            _lastAt = ProcessUse.Now;
        }
    }

    /// <summary>A message was served.</summary>
    public void AddMessage() => AddMessage(new(1, 0, 0));

    /// <summary>A message was taken.</summary>
    public void AddMessage(Tally message)
    {
        lock (_gate)
        {
            _tally += message;
            _lastAt = ProcessUse.Now;
        }
    }

    /// <summary>Reports, and begins anew.</summary>
    public ServerReport Take()
    {
        lock (_gate)
        {
            double cpuSeconds = ProcessUse.Own().CpuSeconds;
            ServerReport report = new(_sessions, _tally.Messages, _tally.Octets, _tally.Digest, cpuSeconds - _cpuSeconds, _lastAt);
            (_sessions, _tally, _cpuSeconds) = (0, default, cpuSeconds);
            return report;
        }
    }
}
