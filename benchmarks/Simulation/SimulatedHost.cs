using EmailSync.Appliance.Model;

namespace EmailSync.Simulation;

/// <summary>How a made-up server behaves.</summary>
public enum HostKind
{
    /// <summary>Answers in a tenth of a second or so.</summary>
    Healthy,

    /// <summary>Takes twenty seconds for each session.</summary>
    Slow,

    /// <summary>Never answers: every session costs the connection timeout.</summary>
    Dead,

    /// <summary>Dead and healthy in turns of five minutes.</summary>
    Flapping,

    /// <summary>Refuses sessions beyond five at once.</summary>
    Throttling,
}

/// <summary>One server: what becomes of a session with it.</summary>
public sealed class SimulatedHost(HostKind kind, Random random)
{
    private const int SessionsOfThrottling = 5;

    private static readonly TimeSpan ConnectionTimeout = TimeSpan.FromSeconds(30);
    private static readonly Failure NoAnswer = new(ErrorClass.Connect, FailureScope.Server, true, false, "no answer");
    private static readonly Failure TooMany = new(ErrorClass.Quota, FailureScope.Server, true, false, "too many connections");

    /// <summary>Its kind.</summary>
    public HostKind Kind => kind;

    /// <summary>Sessions that are open now.</summary>
    public int Open { get; private set; }

    /// <summary>The most sessions that were open at once.</summary>
    public int MostOpen { get; private set; }

    /// <summary>One session: null where it went well.</summary>
    public async Task<Failure?> ServeAsync(TimeProvider clock)
    {
        Open++;
        MostOpen = Math.Max(MostOpen, Open);
        try
        {
            bool isDown = kind == HostKind.Dead || (kind == HostKind.Flapping && clock.GetUtcNow().Minute / 5 % 2 == 0);
            if (isDown)
            {
                await Task.Delay(ConnectionTimeout, clock);
                return NoAnswer;
            }

            bool isRefused = kind == HostKind.Throttling && Open > SessionsOfThrottling;
            TimeSpan takes = kind == HostKind.Slow ? TimeSpan.FromSeconds(20) : TimeSpan.FromMilliseconds(random.Next(50, 150));
            await Task.Delay(isRefused ? TimeSpan.FromMilliseconds(20) : takes, clock);
            return isRefused ? TooMany : null;
        }
        finally
        {
            Open--;
        }
    }
}
