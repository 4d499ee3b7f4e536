using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using EmailSync.Protocols.Pop3;
using EmailSync.Protocols.Wire;
using EmailSync.Protocols.Wire.Tls;

(string host, int port, string user, string folder) = (args[0], int.Parse(args[1]), args[2], args[3]);
Secret password = new(Environment.GetEnvironmentVariable("MAIL_PASSWORD")!);

using TcpClient tcp = new();
await tcp.ConnectAsync(host, port);
await using Pop3Session session = await Pop3Session.OpenAsync(await new TlsClient(host).AuthenticateAsync(tcp.GetStream()));
await session.CapabilitiesAsync(); // whether commands may be pipelined
await using Maildrop maildrop = await session.LogInAsync(user, password);
Dictionary<int, string> files = [];
await foreach (UniqueIdListing listing in maildrop.ListUniqueIdsAsync())
{
    // A unique-id is the word of a stranger, and no file name.
    string name = Convert.ToHexStringLower(SHA256.HashData(Encoding.Latin1.GetBytes(listing.UniqueId)));
    string file = Path.Combine(folder, $"{name}.eml");
    if (listing.IsUsable && !File.Exists(file))
        files.Add(listing.MessageNumber, file);
}
await maildrop.RetrieveAsync([.. files.Keys], new Files(files));
await maildrop.QuitAsync();

internal sealed class Files(Dictionary<int, string> names) : IRetrievalSink
{
    private FileStream? _file;

    public ValueTask BeginAsync(int messageNumber, CancellationToken cancellationToken)
    {
        _file = File.Create($"{names[messageNumber]}.part");
        return default;
    }

    public ValueTask WriteAsync(ReadOnlyMemory<byte> octets, CancellationToken cancellationToken) => _file!.WriteAsync(octets, cancellationToken);

    public async ValueTask EndAsync(Retrieval retrieval, CancellationToken cancellationToken)
    {
        if (retrieval.Refusal is { } refusal)
        {
            Console.Error.WriteLine($"Message {retrieval.MessageNumber}: {refusal.Text}");
            return;
        }
        await using (_file)
            _file!.Flush(flushToDisk: true);
        File.Move(_file!.Name, names[retrieval.MessageNumber]);
    }
}
