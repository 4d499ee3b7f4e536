using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace EmailSync.Protocols.Wire.Tls;

/// <summary>What <see cref="TlsClient"/> shows of its handshakes.</summary>
internal static class TlsTelemetry
{
    private const string Name = "EmailSync.Protocols.Wire";

    private static readonly string? Version = typeof(TlsTelemetry).Assembly.GetName().Version?.ToString(3);

    public static ClientTelemetry Client { get; } = new("tls", new ActivitySource(Name, Version), new Meter(Name, Version), RefusalOf);

    private static string? RefusalOf(Exception exception) => exception is CertificateException { Fault: var fault }
        ? fault switch
        {
            CertificateFault.Untrusted => "certificate_untrusted",
            CertificateFault.Expired => "certificate_expired",
            CertificateFault.Name => "certificate_name",
            CertificateFault.Revoked => "certificate_revoked",
            CertificateFault.Weak => "certificate_weak",
            _ => "certificate_pin",
        }
        : null;
}
