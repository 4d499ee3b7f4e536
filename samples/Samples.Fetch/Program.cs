using System.Net.Sockets;
using EmailSync.Protocols.Pop3;
using EmailSync.Protocols.Wire;
using EmailSync.Protocols.Wire.Tls;

(string host, int port, string user, string folder) = (args[0], int.Parse(args[1]), args[2], args[3]);
Secret password = new(Environment.GetEnvironmentVariable("MAIL_PASSWORD")!);

using TcpClient tcp = new();
await tcp.ConnectAsync(host, port);
await using Pop3Session session = await Pop3Session.OpenAsync(await new TlsClient(host).AuthenticateAsync(tcp.GetStream()));
await using Maildrop maildrop = await session.LogInAsync(user, password);
foreach (ScanListing message in await maildrop.ListAsync().ToListAsync())
{
    await using FileStream file = new(Path.Combine(folder, $"{Guid.CreateVersion7()}.eml"), FileMode.CreateNew);
    await maildrop.RetrieveAsync(message.MessageNumber, file);
    file.Flush(flushToDisk: true);
    await maildrop.DeleteAsync(message.MessageNumber); // a mark; before this line the message is on the disk
}
await maildrop.QuitAsync(); // the server deletes what is marked
