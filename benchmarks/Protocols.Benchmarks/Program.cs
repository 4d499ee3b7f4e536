using System.Globalization;
using BenchmarkDotNet.Running;
using EmailSync.Protocols.Benchmarks;

// load-server: the peer of the other benchmarks, in a process of its own so that its work is not counted as the client's.
// versus: this client and MailKit side by side, in one run. Anything else is for BenchmarkDotNet.
switch (args)
{
    case ["load-server", string octets, string messages]:
        await Pop3LoadServer.RunAsync(int.Parse(octets, CultureInfo.InvariantCulture), int.Parse(messages, CultureInfo.InvariantCulture));
        break;
    case ["versus", .. string[] rows]:
        await VersusMailKit.RunAsync(rows);
        break;
    default:
        BenchmarkSwitcher.FromAssembly(typeof(Pop3LoadServer).Assembly).Run(args);
        break;
}
