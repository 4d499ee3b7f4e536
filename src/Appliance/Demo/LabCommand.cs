using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using EmailSync.Appliance.Cli;
using EmailSync.Lab;

namespace EmailSync.Appliance.Demo;

/// <summary><c>emailsync lab</c>: a POP3 and SMTP server on loopback to try clients on, until it is interrupted.</summary>
internal static class LabCommand
{
    private const string Help =
        """
        Run a POP3 and SMTP server on loopback, with generated mailboxes and messages.

        It is for trying out clients and this program: nothing is kept, and no mail leaves the machine. Whatever is submitted for one of its
        addresses arrives in that mailbox.

        Examples:
          emailsync lab --mailboxes 5 --messages 20
          emailsync lab --pop3s-port 9950 --ca lab.pem
          emailsync lab --certificate not-yet-valid
          emailsync lab --refuse-sign-in "-ERR [IN-USE] maildrop already locked"
        """;

    /// <summary>The command.</summary>
    public static Command Create()
    {
        Option<int> mailboxes = WholeNumber.Option("--mailboxes", "How many mailboxes.", 1, least: 0, most: 100_000);
        Option<int> messages = WholeNumber.Option("--messages", "How many messages in each.", 10, least: 0, most: 1_000_000);
        Option<int> size = WholeNumber.Option("--size", "Octets of a message.", 8192, least: 0, most: 150 * 1024 * 1024);
        Option<int> seed = new("--seed") { Description = "Another seed makes other messages and passwords.", DefaultValueFactory = _ => 1 };
        Option<FileInfo> ca = new("--ca") { Description = "Write the root certificate here, as PEM; otherwise a temporary file.", HelpName = "FILE" };
        Dictionary<string, LabCertificate> certificates = Enum.GetValues<LabCertificate>().ToDictionary(kind => JsonNamingPolicy.KebabCaseLower.ConvertName(kind.ToString()));
        Option<string> certificate = new("--certificate") { Description = "What is right or wrong with the server's certificate.", DefaultValueFactory = _ => "valid" };
        ChoiceOption.Require(certificate, [.. certificates.Keys]);
        Option<string> refusal = new("--refuse-sign-in") { Description = "Answer every sign-in with this.", HelpName = "REPLY" };
        Option<int> latency = WholeNumber.Option("--latency", "Milliseconds by which every octet is late.", 0, least: 0, most: 600_000);
        Dictionary<LabService, Option<int>> ports = Enum.GetValues<LabService>().ToDictionary(
            service => service,
            service => WholeNumber.Option($"--{service.ToString().ToLowerInvariant()}-port", "0 takes a free one.", 0, least: 0, most: 65_535));
        Command command = new("lab", Help) { mailboxes, messages, size, seed, ca, certificate, refusal, latency };
        foreach (Option<int> port in ports.Values)
            command.Add(port);
        command.SetAction(async (parse, cancellationToken) =>
        {
            List<Misbehaviour> script = [];
            if (parse.GetValue(refusal) is { } reply)
                script.Add(Misbehaviour.RefuseSignIn(reply));
            if (parse.GetValue(latency) is > 0 and int milliseconds)
                script.Add(Misbehaviour.Latency(TimeSpan.FromMilliseconds(milliseconds)));
            LabOptions options = new()
            {
                Listeners = ports.ToDictionary(port => port.Key, port => parse.GetValue(port.Value)),
                Mailboxes = parse.GetValue(mailboxes),
                MessagesPerMailbox = parse.GetValue(messages),
                MessageOctets = parse.GetValue(size),
                Seed = parse.GetValue(seed),
                CertificateKind = certificates[parse.GetRequiredValue(certificate)],
                Script = script,
            };
            try
            {
                return await RunAsync(options, parse.GetValue(ca), parse.InvocationConfiguration.Output, cancellationToken);
            }
            catch (Exception cannotStart) when (cannotStart is IOException or UnauthorizedAccessException)
            {
                await parse.InvocationConfiguration.Error.WriteLineAsync($"The lab cannot run: {cannotStart.Message}");
                return 1;
            }
        });
        return command;
    }

    private static async Task<int> RunAsync(LabOptions options, FileInfo? ca, TextWriter output, CancellationToken cancellationToken)
    {
        await using LabServer lab = await LabServer.StartAsync(options, cancellationToken);
        string caFile = ca?.FullName ?? Path.Combine(Path.GetTempPath(), $"emailsync-lab-{Environment.ProcessId}.pem");
        await File.WriteAllTextAsync(caFile, lab.Authority.RootPem, cancellationToken);
        await DescribeAsync(lab, caFile, output);
        try
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
                $"{lab.Journal.ConnectionsOpened} connections, {lab.Journal.SignIns} sign-ins, {lab.Journal.Count("RETR")} messages retrieved, {lab.Journal.MessagesAccepted} accepted."));
        }
        finally
        {
            if (ca is null)
                File.Delete(caFile);
        }

        return 0;
    }

    private static async Task DescribeAsync(LabServer lab, string caFile, TextWriter output)
    {
        await output.WriteLineAsync("A lab of mail servers is running on this machine. Ctrl+C ends it.");
        await output.WriteLineAsync();
        await output.WriteLineAsync($"  POP3   localhost:{lab.PortOf(LabService.Pop3)} (STLS)      POP3S  localhost:{lab.PortOf(LabService.Pop3s)} (implicit TLS)");
        await output.WriteLineAsync($"  SMTP   localhost:{lab.PortOf(LabService.Smtp)} (STARTTLS)  SMTPS  localhost:{lab.PortOf(LabService.Smtps)} (implicit TLS)");
        await output.WriteLineAsync($"  Root certificate  {caFile}");
        await output.WriteLineAsync();
        foreach (LabMailbox mailbox in lab.Mailboxes.Take(20))
            await output.WriteLineAsync($"  {mailbox.Address}  password {mailbox.Password}  {mailbox.MessageCount} messages");
        if (lab.Mailboxes.Count > 20)
            await output.WriteLineAsync($"  and {lab.Mailboxes.Count - 20} more");
        if (lab.Mailboxes.Count == 0)
            return;
        LabMailbox first = lab.Mailboxes[0];
        await output.WriteLineAsync();
        await output.WriteLineAsync("Try:");
        await output.WriteLineAsync($"  EMAILSYNC_PASSWORD={first.Password} emailsync fetch pop3s://{first.Address}@localhost:{lab.PortOf(LabService.Pop3s)} --ca {caFile} --to maildir:Mail --state Mail.state");
        await output.WriteLineAsync($"  emailsync probe pop3 localhost:{lab.PortOf(LabService.Pop3s)} --ca {caFile}");
        await output.FlushAsync();
    }
}
