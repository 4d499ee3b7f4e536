using System.Globalization;
using BenchmarkDotNet.Running;
using EmailSync.Protocols.Benchmarks;

// load-server, smtp-load-server: the peers of the other benchmarks, in a process of their own so that their work is not counted as the
// client's. versus, send: these clients and MailKit side by side, in one run. Anything else is for BenchmarkDotNet.
switch (args)
{
    case ["load-server", string octets, string messages]:
        await Pop3LoadServer.RunAsync(int.Parse(octets, CultureInfo.InvariantCulture), int.Parse(messages, CultureInfo.InvariantCulture));
        break;
    case ["smtp-load-server", string acknowledgesAtOnce]:
        await SendVersusMailKit.ServeAsync(bool.Parse(acknowledgesAtOnce));
        break;
    case ["send", .. string[] rows]:
        await SendVersusMailKit.RunAsync(rows);
        break;
    case ["versus", .. string[] rows]:
        await VersusMailKit.RunAsync(rows);
        break;
    default:
        BenchmarkSwitcher.FromAssembly(typeof(Pop3LoadServer).Assembly).Run(args);
        break;
}
