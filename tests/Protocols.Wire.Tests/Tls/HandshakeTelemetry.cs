using EmailSync.Lab;
using EmailSync.Protocols.Testing;
using EmailSync.Protocols.Wire.Tls;

namespace EmailSync.Protocols.Wire.Tests.Tls;

/// <summary>What a handshake shows of itself to those who listen (docs/telemetry.md).</summary>
public sealed class HandshakeTelemetry
{
    [Theory]
    [InlineData(LabCertificate.Valid, " server.address=localhost tls.protocol.version=1.3", "")]
    [InlineData(LabCertificate.Expired, " server.address=localhost error.type=certificate_expired", " error.type=certificate_expired")]
    [InlineData(LabCertificate.WrongName, " server.address=localhost error.type=certificate_name", " error.type=certificate_name")]
    [InlineData(LabCertificate.SelfSigned, " server.address=localhost error.type=certificate_untrusted", " error.type=certificate_untrusted")]
    public async Task A_handshake_has_an_activity_and_a_duration(LabCertificate kind, string ofActivity, string ofDuration)
    {
        using LabCertificateAuthority authority = new();
        await using TlsPeer peer = new(authority.Issue(kind));
        using TelemetryRecorder recorder = new();
        TlsClient client = new("localhost", new() { TrustedRoots = [authority.Root] });

        Exception? refused = await Record.ExceptionAsync(async () =>
            await (await client.AuthenticateAsync(await peer.ConnectAsync(TestContext.Current.CancellationToken), TestContext.Current.CancellationToken)).DisposeAsync());

        Assert.Equal(kind == LabCertificate.Valid, refused is null);
        Assert.Equal([$"tls handshake{ofActivity}"], recorder.Activities);
        // A host is no attribute of a duration: there may be thousands.
        Assert.Equal([$"s{ofDuration}"], recorder.Of("tls.client.operation.duration"));
    }
}
