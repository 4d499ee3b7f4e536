using System.Diagnostics;
using System.Diagnostics.Metrics;
using EmailSync.Protocols.Wire;

namespace EmailSync.Protocols.Pop3;

/// <summary>What sessions and maildrops show of themselves (docs/telemetry.md).</summary>
internal static class Pop3Telemetry
{
    private const string Name = "EmailSync.Protocols.Pop3";

    private static readonly string? Version = typeof(Pop3Telemetry).Assembly.GetName().Version?.ToString(3);
    private static readonly Meter Meter = new(Name, Version);

    // What a server may put into brackets is its own affair; these are the ones that mean something.
    private static readonly ResponseCode[] KnownCodes =
        [ResponseCode.Auth, ResponseCode.InUse, ResponseCode.LoginDelay, ResponseCode.SysTemp, ResponseCode.SysPerm, ResponseCode.Utf8];

    public static ClientTelemetry Client { get; } = new("pop3", new ActivitySource(Name, Version), Meter, RefusalOf);

    /// <summary>Messages, and what TOP brings of them, that came to their end.</summary>
    public static Counter<long> Messages { get; } =
        Meter.CreateCounter<long>("pop3.client.received.messages", "{message}", "Messages and tops of messages that were received to their end.");

    /// <summary>Their octets.</summary>
    public static Counter<long> Content { get; } =
        Meter.CreateCounter<long>("pop3.client.received.content", "By", "The content of these messages, without stuffed dots.");

    /// <summary>A message has come to its end.</summary>
    public static void Received(long octets)
    {
        if (Messages.Enabled)
            Messages.Add(1);
        if (Content.Enabled)
            Content.Add(octets);
    }

    private static string? RefusalOf(Exception exception)
    {
        if (exception is not Pop3NegativeResponseException { Response: var response })
            return null;
        foreach (ResponseCode known in KnownCodes)
        {
            if (response.Code is { } code && code.IsWithin(known))
                return known.Value;
        }
        return "-ERR";
    }
}
