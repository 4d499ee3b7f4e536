using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace EmailSync.Appliance.Tests;

/// <summary>A log that is kept.</summary>
internal sealed class RecordedLog : ILogger
{
    /// <summary>Its lines, in order, with their levels.</summary>
    public ConcurrentQueue<(LogLevel Level, string Line)> Lines { get; } = new();

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Lines.Enqueue((logLevel, formatter(state, exception)));
}
