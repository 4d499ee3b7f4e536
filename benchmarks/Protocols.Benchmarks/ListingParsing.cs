using System.Globalization;
using System.Text;
using BenchmarkDotNet.Attributes;
using EmailSync.Protocols.Pop3;

namespace EmailSync.Protocols.Benchmarks;

/// <summary>What does one line of a unique-id listing cost, visited and as a string?</summary>
[MemoryDiagnoser]
public class ListingParsing
{
    private const int Lines = 100_000;

    private Maildrop _maildrop = null!;

    [GlobalSetup]
    public async Task SetUpAsync()
    {
        StringBuilder listing = new("+OK\r\n");
        for (int number = 1; number <= Lines; number++)
            listing.Append(CultureInfo.InvariantCulture, $"{number} {number:x8}4d6f1c2a9b3e\r\n");
        byte[] ok = "+OK\r\n"u8.ToArray();
        Pop3Session session = await Pop3Session.OpenAsync(
            new CannedStream(ok, ok, ok, Encoding.ASCII.GetBytes(listing.Append(".\r\n").ToString())), new() { AllowCleartextPasswords = true });
        _maildrop = await session.LogInAsync("user", new("password"));
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Lines)]
    public ValueTask<int> VisitAsync() => _maildrop.ListUniqueIdsAsync(static (_, _) => { });

    [Benchmark(OperationsPerInvoke = Lines)]
    public async Task<int> EnumerateAsync()
    {
        int lines = 0;
        await foreach (UniqueIdListing listing in _maildrop.ListUniqueIdsAsync())
            lines += listing.UniqueId.Length;
        return lines;
    }
}
