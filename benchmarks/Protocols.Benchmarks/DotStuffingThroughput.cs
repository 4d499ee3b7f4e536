using System.Text;
using BenchmarkDotNet.Attributes;
using EmailSync.Protocols.Wire;

namespace EmailSync.Protocols.Benchmarks;

/// <summary>How fast are dots stuffed and un-stuffed, when the network costs nothing?</summary>
[MemoryDiagnoser]
public class DotStuffingThroughput
{
    private const int Octets = 16 * 1024 * 1024;

    private static readonly Deadline NoDeadline = new("benchmark", TimeSpan.FromDays(1));

    private byte[] _content = [];
    private byte[] _onTheWire = [];

    /// <summary>One line in so many begins with a dot; 0: none does.</summary>
    [Params(0, 100, 2)]
    public int LinesPerDot { get; set; }

    [GlobalSetup]
    public async Task SetUpAsync()
    {
        StringBuilder content = new(Octets);
        for (int line = 0; content.Length < Octets; line++)
            content.Append(LinesPerDot > 0 && line % LinesPerDot == 0 ? '.' : 'x').Append('x', 73).Append("\r\n");
        _content = Encoding.ASCII.GetBytes(content.ToString());
        MemoryStream wire = new();
        await using TextConnection connection = new(wire);
        using Exchange exchange = connection.BeginExchange(CancellationToken.None);
        await connection.WriteContentAsync(new MemoryStream(_content), default, NoDeadline);
        _onTheWire = wire.ToArray();
    }

    [Benchmark]
    public async Task StuffAsync()
    {
        await using TextConnection connection = new(Stream.Null);
        using Exchange exchange = connection.BeginExchange(CancellationToken.None);
        await connection.WriteContentAsync(new MemoryStream(_content), new(RefuseBareLineEnds: true, RefuseNul: true), NoDeadline);
    }

    [Benchmark]
    public async Task<long> UnstuffAsync()
    {
        await using TextConnection connection = new(new MemoryStream(_onTheWire));
        using Exchange exchange = connection.BeginExchange(CancellationToken.None);
        return await connection.ReadContentAsync(static (_, _) => default, long.MaxValue, long.MaxValue);
    }
}
