using System.Globalization;
using System.Text;
using BenchmarkDotNet.Attributes;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;

namespace EmailSync.Appliance.Benchmarks;

/// <summary>What does it cost to read the header block of a message, with as many trace fields as mail has today?</summary>
[MemoryDiagnoser]
public class HeaderBlock
{
    private byte[] _message = [];

    [Params(12, 60)]
    public int TraceFields { get; set; }

    [GlobalSetup]
    public void SetUp()
    {
        StringBuilder header = new();
        for (int hop = 0; hop < TraceFields; hop++)
            header.Append(CultureInfo.InvariantCulture, $"Received: from a{hop}.example.com by b.example.com;\r\n\tSun, 1 Mar 2026 12:00:00 +0000\r\n");
        header.Append("From: Bob <bob@example.com>\r\nTo: Ada <ada@example.com>\r\nSubject: Hello\r\nMessage-ID: <1@example.com>\r\n\r\nText\r\n");
        _message = Encoding.ASCII.GetBytes(header.ToString());
    }

    [Benchmark]
    public EmailHeaders Read() => HeaderPeek.Read(_message);
}
