using System.Text;
using EmailSync.Lab;

namespace EmailSync.Packages.Tests;

/// <summary>The samples do what the readmes say, against the lab, built from the source tree and from the packages.</summary>
public sealed class Samples(Consumers consumers) : IClassFixture<Consumers>, IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("emailsync-sample-");

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Everything_is_fetched_and_then_deleted_on_the_server(bool fromPackage)
    {
        await using LabServer lab = await LabServer.StartAsync(new() { MessagesPerMailbox = 3 }, TestContext.Current.CancellationToken);
        LabMailbox mailbox = lab.Mailboxes[0];

        (int exitCode, string printed) = await RunAsync(
            fromPackage, "Samples.Fetch", lab, mailbox.Password, "localhost", $"{lab.PortOf(LabService.Pop3s)}", mailbox.Address, _folder.FullName);

        Assert.True(exitCode == 0, printed);
        FileInfo[] stored = _folder.GetFiles("*.eml");
        Assert.Equal(3, stored.Length);
        Assert.All(stored, file => Assert.Contains("\r\nSubject: ", File.ReadAllText(file.FullName), StringComparison.Ordinal));
        Assert.Equal(0, mailbox.MessageCount);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_is_new_is_retrieved_and_left_on_the_server(bool fromPackage)
    {
        await using LabServer lab = await LabServer.StartAsync(new() { MessagesPerMailbox = 3 }, TestContext.Current.CancellationToken);
        LabMailbox mailbox = lab.Mailboxes[0];
        Task<(int ExitCode, string Printed)> SyncAsync() => RunAsync(
            fromPackage, "Samples.Sync", lab, mailbox.Password, "localhost", $"{lab.PortOf(LabService.Pop3s)}", mailbox.Address, _folder.FullName);

        Assert.Equal((0, ""), await SyncAsync());
        FileInfo[] first = _folder.GetFiles("*.eml");
        lab.DeliverGenerated(mailbox.Address, 2);
        Assert.Equal((0, ""), await SyncAsync());

        Assert.Equal(3, first.Length);
        Assert.Equal(5, _folder.GetFiles("*.eml").Length);
        Assert.Empty(_folder.GetFiles("*.part"));
        Assert.All(first, file => Assert.Equal(file.LastWriteTimeUtc, new FileInfo(file.FullName).LastWriteTimeUtc));
        Assert.Equal(5, mailbox.MessageCount);
        Assert.Equal(5L, lab.Journal.Count("RETR"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_message_is_submitted_with_sign_in(bool fromPackage)
    {
        await using LabServer lab = await LabServer.StartAsync(new() { RequireAuthentication = true }, TestContext.Current.CancellationToken);
        LabMailbox mailbox = lab.Mailboxes[0];
        string file = Path.Combine(_folder.FullName, "letter.eml");
        await File.WriteAllTextAsync(file, "Subject: hello\n\n.\nA dot above.\n", TestContext.Current.CancellationToken);

        (int exitCode, string printed) = await RunAsync(
            fromPackage, "Samples.Submit", lab, mailbox.Password, "localhost", $"{lab.PortOf(LabService.Smtps)}", mailbox.Address, "jane@example.org", file);

        Assert.True(exitCode == 0, printed);
        Assert.Contains("jane@example.org: 250", printed, StringComparison.Ordinal);
        SubmittedMessage message = Assert.Single(lab.Outbox);
        Assert.Equal(mailbox.Address, message.AuthenticatedAs);
        Assert.Equal("Subject: hello\r\n\r\n.\r\nA dot above.\r\n", Encoding.ASCII.GetString(message.Content.Span));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_greeting_is_read_and_the_handshake_described(bool fromPackage)
    {
        await using LabServer lab = await LabServer.StartAsync(cancellationToken: TestContext.Current.CancellationToken);

        (int exitCode, string printed) = await RunAsync(fromPackage, "Samples.Greeting", lab, "", "localhost", $"{lab.PortOf(LabService.Smtps)}");

        Assert.True(exitCode == 0, printed);
        Assert.Contains("TLS 1.3, valid until ", printed, StringComparison.Ordinal);
        Assert.Contains("220 ", printed, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private async Task<(int ExitCode, string Printed)> RunAsync(bool fromPackage, string sample, LabServer lab, string password, params string[] words)
    {
        // The samples trust the system's roots, and OpenSSL is told of them by the environment.
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only on Linux can a process be started with a root of its own.");
        string root = Path.Combine(_folder.FullName, "root.pem");
        await File.WriteAllTextAsync(root, lab.Authority.RootPem);
        string program = fromPackage ? consumers.PathOf(sample) : Path.Combine(AppContext.BaseDirectory, $"EmailSync.{sample}.dll");
        return await Sdk.RunAsync("dotnet", _folder.FullName, new() { ["SSL_CERT_FILE"] = root, ["MAIL_PASSWORD"] = password }, [program, .. words]);
    }
}
