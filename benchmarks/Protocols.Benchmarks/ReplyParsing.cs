using BenchmarkDotNet.Attributes;
using EmailSync.Protocols.Smtp;

namespace EmailSync.Protocols.Benchmarks;

/// <summary>What does one SMTP command with its reply cost, when the network costs nothing?</summary>
[MemoryDiagnoser]
public class ReplyParsing
{
    private SmtpSession _session = null!;

    [GlobalSetup]
    public async Task SetUpAsync() => _session = await SmtpSession.OpenAsync(new CannedStream(
        "220 localhost\r\n"u8.ToArray(), "250-localhost\r\n250 PIPELINING\r\n"u8.ToArray(), "250 2.0.0 ok\r\n"u8.ToArray()));

    [Benchmark]
    public async Task<int> NoOpAsync() => (await _session.NoOpAsync()).Code;
}
