using Microsoft.Extensions.Hosting;

namespace EmailSync.Appliance.Scheduling;

/// <summary>Looks at something at every interval, until the appliance stops.</summary>
/// <param name="interval">From one look to the next.</param>
/// <param name="clock">Measures it.</param>
public abstract class Watch(TimeSpan interval, TimeProvider clock) : BackgroundService
{
    /// <summary>What the interval is measured by.</summary>
    protected TimeProvider Clock => clock;

    /// <summary>Looks once. What it cannot do now it does at a later look.</summary>
    public abstract Task LookAsync(CancellationToken cancellationToken);

    /// <summary>What is done at once, an interval before the first look of the timer; nothing unless said otherwise.</summary>
    protected virtual Task BeginAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc />
    protected sealed override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using PeriodicTimer timer = new(interval, clock);
        try
        {
            await BeginAsync(stoppingToken);
            while (await timer.WaitForNextTickAsync(stoppingToken))
                await LookAsync(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The appliance stops; what there was to do is still there at the next start.
        }
    }
}
