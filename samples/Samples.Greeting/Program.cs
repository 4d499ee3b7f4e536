using System.Net.Sockets;
using EmailSync.Protocols.Wire;
using EmailSync.Protocols.Wire.Tls;

(string host, int port) = (args[0], int.Parse(args[1]));
TlsOptions options = new() { Secured = tls => Console.WriteLine($"{tls.Protocol}, valid until {tls.Certificate.NotAfter:u}, pin {tls.Certificate.Pin}") };

using TcpClient tcp = new();
await tcp.ConnectAsync(host, port);
await using TextConnection connection = new(await new TlsClient(host, options).AuthenticateAsync(tcp.GetStream()));
using (Exchange exchange = connection.BeginExchange(CancellationToken.None))
{
    connection.Expect(new Deadline("greeting", TimeSpan.FromSeconds(10)));
    Console.WriteLine(await connection.ReadLineAsync(line => ServerText.Show(line), maxLength: 512));
    exchange.Complete();
}
