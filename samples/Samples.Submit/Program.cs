using System.Net.Sockets;
using EmailSync.Protocols.Smtp;
using EmailSync.Protocols.Wire;
using EmailSync.Protocols.Wire.Sasl;
using EmailSync.Protocols.Wire.Tls;

(string host, int port, string from, string to, string file) = (args[0], int.Parse(args[1]), args[2], args[3], args[4]);
SaslCredentials credentials = new(from, new Secret(Environment.GetEnvironmentVariable("MAIL_PASSWORD")!));

using TcpClient tcp = new();
await tcp.ConnectAsync(host, port);
await using SmtpSession session = await SmtpSession.OpenAsync(await new TlsClient(host).AuthenticateAsync(tcp.GetStream()));
await session.AuthenticateAsync(MechanismSelection.Passwords.Choose(session.DescribeForSasl(host, port), credentials));
await using FileStream message = File.OpenRead(file);
TransactionResult result = await session.SendAsync(new Envelope(MailPath.Parse(from), [MailPath.Parse(to)]), message);
await session.QuitAsync();
foreach (RecipientReply recipient in result.Recipients)
    Console.WriteLine($"{recipient.ForwardPath}: {recipient.Reply}");
Console.WriteLine(result.IsAccepted ? "Accepted." : $"Refused: {result.Refusal}");
return result.IsAccepted ? 0 : 1;
