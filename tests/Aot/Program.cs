// Sends on what is in a maildrop: POP3 with STLS and SASL in, SMTP submission out.
// Arguments: the root of both servers, the port of POP3 in clear, the port of submission with TLS, the user, and who gets the messages.

using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Security.Cryptography.X509Certificates;
using EmailSync.Aot;
using EmailSync.Protocols.Pop3;
using EmailSync.Protocols.Smtp;
using EmailSync.Protocols.Wire;
using EmailSync.Protocols.Wire.Sasl;
using EmailSync.Protocols.Wire.Tls;

const string Host = "localhost";
(string root, int pop3, int smtps, string user, string recipient) = (args[0], int.Parse(args[1]), int.Parse(args[2]), args[3], args[4]);
SaslCredentials credentials = new(user, new Secret(Environment.GetEnvironmentVariable("MAIL_PASSWORD")!));
TlsClient tls = new(Host, new TlsOptions
{
    TrustedRoots = [X509CertificateLoader.LoadCertificateFromFile(root)],
    TrustsSystemRoots = false,
    Secured = facts => Console.WriteLine($"{facts.Protocol} with {facts.Certificate.Issuer}"),
});

await using Pop3Session session = await Pop3Session.OpenAsync(await ConnectAsync(pop3));
await session.CapabilitiesAsync();
await session.StartTlsAsync(tls.Upgrade);
await session.CapabilitiesAsync();
SaslMechanism mechanism = MechanismSelection.Passwords.Choose(session.DescribeForSasl(Host, pop3), credentials);
await using Maildrop maildrop = await session.AuthenticateAsync(mechanism);
int[] numbers = await maildrop.ListUniqueIdsAsync().Select(listing => listing.MessageNumber).ToArrayAsync();
Messages messages = new();
await maildrop.RetrieveAsync(numbers, messages);

// What comes in has lines longer than RFC 5321 has them.
SmtpOptions options = new() { MaxContentLine = int.MaxValue };
await using SmtpSession submission = await SmtpSession.OpenAsync(await tls.AuthenticateAsync(await ConnectAsync(smtps)), options);
await submission.AuthenticateAsync(MechanismSelection.Passwords.Choose(submission.DescribeForSasl(Host, smtps), credentials));
foreach (byte[] message in messages.Whole)
{
    using MemoryStream content = new(message);
    TransactionResult result = await submission.SendAsync(new Envelope(MailPath.Parse(user), [MailPath.Parse(recipient)]), content);
    Console.WriteLine($"{result.Sender} / {result.Recipients[0].Reply} / {result.Content}");
}
await submission.QuitAsync();
await maildrop.DeleteAsync(numbers);
await maildrop.QuitAsync();
Console.WriteLine(RuntimeFeature.IsDynamicCodeSupported ? "managed" : "native");

static async Task<Stream> ConnectAsync(int port)
{
    Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    await socket.ConnectAsync(Host, port);
    return new NetworkStream(socket, ownsSocket: true);
}
