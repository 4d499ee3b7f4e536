using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using EmailSync.Appliance.Tests.Api;
using EmailSync.Lab;

namespace EmailSync.Appliance.Tests.Cli.Import;

/// <summary>A mailbox that another program has fetched from, taken over: nothing is fetched twice, and what is new is fetched.</summary>
public sealed class ImportCommandTests
{
    private const string Fetchmail = "/usr/bin/fetchmail";
    private const string Getmail = "/usr/bin/getmail";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("fetchmail")]
    [InlineData("getmail")]
    public async Task What_the_real_program_has_fetched_is_not_fetched_again(string program)
    {
        string file = program == "fetchmail" ? Fetchmail : Getmail;
        Assert.SkipUnless(File.Exists(file), $"{file} is not installed (apt-get install fetchmail getmail6)");
        await using CliBench bench = await CliBench.StartAsync();
        await File.WriteAllTextAsync(bench.File("ca.pem"), bench.Host.Lab.Authority.RootPem, Cancel);
        string[] import = program == "fetchmail" ? await FetchmailAsync(bench) : await GetmailAsync(bench);

        await AssertNothingIsFetchedTwiceAsync(bench, import);
    }

    /// <summary>The same with a file as fetchmail writes it, for machines that do not have it.</summary>
    [Fact]
    public async Task What_stands_in_a_fetchids_is_not_fetched_again()
    {
        await using CliBench bench = await CliBench.StartAsync();
        await File.WriteAllTextAsync(bench.File("ca.pem"), bench.Host.Lab.Authority.RootPem, Cancel);
        LabMailbox mailbox = bench.Host.Lab.Mailboxes[0];
        await WriteFetchmailrcAsync(bench);
        await File.WriteAllLinesAsync(bench.File("fetchids"), mailbox.UniqueIds.Select(id => $"{mailbox.Address}@localhost {id}"), Cancel);

        await AssertNothingIsFetchedTwiceAsync(bench, ["import", "fetchmail", bench.File("fetchmailrc"), "--fetchids", bench.File("fetchids"), "--ca", bench.File("ca.pem")]);
    }

    [Fact]
    public async Task An_id_that_is_longer_than_the_standard_has_or_not_in_ASCII_is_known_too()
    {
        await using CliBench bench = await CliBench.StartAsync();
        await File.WriteAllTextAsync(bench.File("ca.pem"), bench.Host.Lab.Authority.RootPem, Cancel);
        string address = bench.Address;
        await WriteFetchmailrcAsync(bench);
        foreach (UniqueIdStyle style in (UniqueIdStyle[])[UniqueIdStyle.TooLong, UniqueIdStyle.OddOctets])
        {
            bench.Host.Lab.Misbehave(Misbehaviour.UniqueIds(style));
            byte[][] ids = await UniqueIdsOfAsync(bench);
            await using (FileStream file = File.Create(bench.File("fetchids")))
            {
                foreach (byte[] id in ids)
                    await file.WriteAsync((byte[])[.. Encoding.ASCII.GetBytes($"{address}@localhost "), .. id, (byte)'\n'], Cancel);
            }

            CliRun imported = await bench.RunAsync("import", "fetchmail", bench.File("fetchmailrc"), "--fetchids", bench.File("fetchids"), "--ca", bench.File("ca.pem"));
            Assert.True(imported.ExitCode == 0, imported.Output + imported.Error);
            await bench.RunAsync($"mailbox approve {address}");
            await bench.RunAsync($"mailbox test {address}");
            Answer mailbox = await bench.Host.GetAsync($"mailboxes/{address}");
            while (mailbox.Json["lastSuccessAt"] is null)
            {
                Cancel.ThrowIfCancellationRequested();
                mailbox = await bench.Host.GetAsync($"mailboxes/{address}");
            }

            Assert.Equal((style, 3, 0), (style, ids.Length, (int)mailbox.Json["messagesReceived"]!));
            await bench.RunAsync($"mailbox delete {address}");
        }
    }

    [Theory]
    [InlineData("", "There is no mailbox in it that can be taken over.")]
    [InlineData("poll imap.example.com proto imap user jane password x", "There is no mailbox in it that can be taken over: imap.example.com: imap is not POP3.")]
    public async Task A_file_without_a_mailbox_of_POP3_is_told(string text, string told)
    {
        await using CliBench bench = await CliBench.StartAsync();
        await File.WriteAllTextAsync(bench.File("rc"), text, Cancel);

        CliRun run = await bench.RunAsync("import", "fetchmail", bench.File("rc"), "--dry-run");

        Assert.Equal((1, ""), (run.ExitCode, run.Output));
        Assert.Contains(told, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_no_server_can_have_given_is_refused_before_anything_is_made()
    {
        await using CliBench bench = await CliBench.StartAsync();
        await WriteFetchmailrcAsync(bench);
        await File.WriteAllTextAsync(bench.File("fetchids"), $"{bench.Address}@localhost {new string('x', 2001)}\n", Cancel);

        CliRun run = await bench.RunAsync("import", "fetchmail", bench.File("fetchmailrc"), "--fetchids", bench.File("fetchids"));

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("Line 1 of the file of ids", run.Error, StringComparison.Ordinal);
        Assert.Empty((await bench.Host.GetAsync("mailboxes")).Json["items"]!.AsArray());
    }

    [Fact]
    public async Task A_dry_run_shows_the_plan_and_changes_nothing()
    {
        await using CliBench bench = await CliBench.StartAsync();
        await WriteFetchmailrcAsync(bench);

        CliRun run = await bench.RunAsync("import", "fetchmail", bench.File("fetchmailrc"), "--dry-run");

        int port = bench.Host.Lab.PortOf(LabService.Pop3s);
        Assert.Equal(
            $"create profile  imported localhost:{port}\ncreate mailbox  {bench.Address}\nknown         0 messages of {bench.Address}\nNothing was changed: this was a dry run.\n",
            run.Output);
        Assert.DoesNotContain(bench.Host.Lab.Mailboxes[0].Password, run.Output + run.Error, StringComparison.Ordinal);
        Assert.Empty((await bench.Host.GetAsync("profiles")).Json["items"]!.AsArray());
    }

    [Fact]
    public async Task A_user_without_a_domain_is_asked_for_one()
    {
        await using CliBench bench = await CliBench.StartAsync();
        await File.WriteAllTextAsync(bench.File("rc"), "poll pop.example.com proto pop3 user jane ssl keep", Cancel);

        CliRun refused = await bench.RunAsync("import", "fetchmail", bench.File("rc"));
        CliRun taken = await bench.RunAsync("import", "fetchmail", bench.File("rc"), "--domain", "example.com");

        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("--domain", refused.Error, StringComparison.Ordinal);
        Assert.Equal(("jane", false), ((await bench.Host.GetAsync("mailboxes/jane@example.com")).String("userName"), (bool)(await bench.Host.GetAsync("mailboxes/jane@example.com")).Json["isPasswordSet"]!));
        Assert.Contains("it has no password yet", taken.Output, StringComparison.Ordinal);
    }

    private static async Task AssertNothingIsFetchedTwiceAsync(CliBench bench, string[] import)
    {
        LabMailbox mailbox = bench.Host.Lab.Mailboxes[0];
        CliRun imported = await bench.RunAsync(import);
        Assert.True(imported.ExitCode == 0, imported.Output + imported.Error);
        Assert.Contains("known         3 messages of", imported.Output, StringComparison.Ordinal);
        await bench.RunAsync($"mailbox approve {bench.Address}");
        CliRun tested = await bench.RunAsync($"mailbox test {bench.Address}");
        Assert.True(tested.ExitCode == 0, tested.Output);

        bench.Host.Lab.Deliver(mailbox.Address, "Subject: new since\r\n\r\nx\r\n"u8);
        await bench.Host.PostAsync($"mailboxes/{bench.Address}/poll");
        Answer feed = await bench.Host.GetAsync("emails");
        while (feed.Json["items"]!.AsArray().Count == 0)
        {
            Cancel.ThrowIfCancellationRequested();
            feed = await bench.Host.GetAsync("emails");
        }

        Assert.Equal(["new since"], feed.Json["items"]!.AsArray().Select(item => (string?)item!["subject"]));
        Assert.Equal(4, mailbox.MessageCount);
    }

    private static Task WriteFetchmailrcAsync(CliBench bench)
    {
        LabMailbox mailbox = bench.Host.Lab.Mailboxes[0];
        return WriteForOwnerAsync(bench.File("fetchmailrc"), string.Create(CultureInfo.InvariantCulture, $"""
            poll localhost with proto pop3 port {bench.Host.Lab.PortOf(LabService.Pop3s)} and options uidl:
              user "{mailbox.Address}" there with password "{mailbox.Password}" is root here
              options ssl sslcertck sslcertfile "{bench.File("ca.pem")}" keep

            """));
    }

    private static async Task<string[]> FetchmailAsync(CliBench bench)
    {
        await WriteFetchmailrcAsync(bench);
        await RunAsync(bench, Fetchmail, "-f", bench.File("fetchmailrc"), "-i", bench.File("fetchids"), "--pidfile", bench.File("fetchmail.pid"), "-m", "/bin/cat");
        return ["import", "fetchmail", bench.File("fetchmailrc"), "--fetchids", bench.File("fetchids"), "--ca", bench.File("ca.pem")];
    }

    private static async Task<string[]> GetmailAsync(CliBench bench)
    {
        LabMailbox mailbox = bench.Host.Lab.Mailboxes[0];
        string state = Directory.CreateDirectory(bench.File("getmail")).FullName;
        await WriteForOwnerAsync(Path.Combine(state, "getmailrc"), string.Create(CultureInfo.InvariantCulture, $"""
            [retriever]
            type = SimplePOP3SSLRetriever
            server = localhost
            port = {bench.Host.Lab.PortOf(LabService.Pop3s)}
            username = {mailbox.Address}
            password = {mailbox.Password}
            ca_certs = {bench.File("ca.pem")}
            [destination]
            type = MDA_external
            path = /bin/cat
            allow_root_commands = true
            [options]
            delete = false
            read_all = false

            """));
        await RunAsync(bench, Getmail, "--getmaildir", state);
        return ["import", "getmail", Path.Combine(state, "getmailrc"), "--ca", bench.File("ca.pem")];
    }

    /// <summary>The unique-ids as the server lists them, octet for octet.</summary>
    private static async Task<byte[][]> UniqueIdsOfAsync(CliBench bench)
    {
        LabMailbox mailbox = bench.Host.Lab.Mailboxes[0];
        using TcpClient client = new();
        await client.ConnectAsync(bench.Host.Lab.EndPointOf(LabService.Pop3), Cancel);
        using StreamReader lines = new(client.GetStream(), Encoding.Latin1);
        foreach (string command in (string[])[$"USER {mailbox.Address}", $"PASS {mailbox.Password}", "UIDL"])
        {
            await lines.ReadLineAsync(Cancel);
            await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(command + "\r\n"), Cancel);
        }

        await lines.ReadLineAsync(Cancel);
        List<byte[]> ids = [];
        while (await lines.ReadLineAsync(Cancel) is { } line && line != ".")
            ids.Add(Encoding.Latin1.GetBytes(line[(line.IndexOf(' ', StringComparison.Ordinal) + 1)..]));
        await client.GetStream().WriteAsync("QUIT\r\n"u8.ToArray(), Cancel);
        await lines.ReadLineAsync(Cancel);
        return [.. ids];
    }

    private static async Task WriteForOwnerAsync(string file, string text)
    {
        await File.WriteAllTextAsync(file, text, Cancel);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    private static async Task RunAsync(CliBench bench, string program, params string[] args)
    {
        ProcessStartInfo start = new(program, args) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["HOME"] = bench.Host.Folder;
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(Cancel);
        string error = await process.StandardError.ReadToEndAsync(Cancel);
        await process.WaitForExitAsync(Cancel);
        Assert.True(process.ExitCode == 0, $"{await output}\n{error}");
    }
}
