using System.Security.Cryptography;
using System.Text;
using BenchmarkDotNet.Attributes;
using EmailSync.Protocols.Wire.Sasl;

namespace EmailSync.Protocols.Benchmarks;

/// <summary>What does the client's side of a sign-in cost, by PLAIN and by SCRAM with the iterations that RFC 7677 asks for?</summary>
[MemoryDiagnoser]
public class SaslSignIn
{
    [Benchmark(Baseline = true)]
    public async Task<byte[]> PlainAsync() => await new Plain("user", new("password")).RespondAsync(default);

    [Benchmark]
    public async Task<byte[]> ScramSha256Async()
    {
        Scram scram = new(HashAlgorithmName.SHA256, "user", new("password"));
        string first = Encoding.ASCII.GetString(await scram.RespondAsync(default));
        string nonce = first[(first.LastIndexOf("r=", StringComparison.Ordinal) + 2)..];
        return await scram.RespondAsync(Encoding.ASCII.GetBytes($"r={nonce}3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096"));
    }
}
