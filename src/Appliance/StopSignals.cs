using System.Runtime.InteropServices;

namespace EmailSync.Appliance;

/// <summary>
/// How the appliance is told to stop: the first SIGTERM or SIGINT lets its sessions come to a point where nothing is lost, for so long; the second,
/// or the end of that time, ends the process at once. Nothing is lost then either: it is as if the power had gone.
/// </summary>
internal sealed class StopSignals : IDisposable
{
    // What is left to do when the host has given up waiting: closing the store.
    private static readonly TimeSpan ToClose = TimeSpan.FromSeconds(2);

    private readonly TimeSpan _patience;
    private readonly CancellationTokenSource _stop;
    private readonly PosixSignalRegistration[] _registrations;
    private Timer? _end;

    /// <summary>Begins to listen.</summary>
    /// <param name="patience">How long a stop may take.</param>
    /// <param name="cancellationToken">Stops the appliance as well.</param>
    public StopSignals(TimeSpan patience, CancellationToken cancellationToken)
    {
        _patience = patience;
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _registrations = [PosixSignalRegistration.Create(PosixSignal.SIGTERM, Take), PosixSignalRegistration.Create(PosixSignal.SIGINT, Take)];
    }

    /// <summary>The appliance is to stop.</summary>
    public CancellationToken Token => _stop.Token;

    /// <summary>Listens no more.</summary>
    public void Dispose()
    {
        Array.ForEach(_registrations, registration => registration.Dispose());
        _end?.Dispose();
        _stop.Dispose();
    }

    private void Take(PosixSignalContext context)
    {
        context.Cancel = true;
        // As a shell shows a process that a signal has ended.
        int code = 128 + (context.Signal == PosixSignal.SIGINT ? 2 : 15);
        Timer end = new(_ => Environment.Exit(code), null, _patience + ToClose, Timeout.InfiniteTimeSpan);
        if (Interlocked.CompareExchange(ref _end, end, null) is not null)
        {
            Console.Error.WriteLine("Told to stop a second time: the process ends at once. What was stored is stored; what was not is still on its server, or was not accepted.");
            Environment.Exit(code);
        }

        _stop.Cancel();
    }
}
