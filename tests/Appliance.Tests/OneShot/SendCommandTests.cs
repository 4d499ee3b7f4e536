using System.Text;
using System.Text.Json;
using EmailSync.Lab;

namespace EmailSync.Appliance.Tests.OneShot;

public sealed class SendCommandTests
{
    private const string Letter = "From: jane@example.com\r\nTo: joe@example.org\r\nSubject: hello\r\n\r\n.dots\r\n";

    [Fact]
    public async Task Submits_a_file_as_it_is()
    {
        await using ToolBench bench = await ToolBench.StartAsync();
        await File.WriteAllTextAsync(bench.Folder["letter.eml"], Letter, TestContext.Current.CancellationToken);

        ToolRun run = await bench.RunAsync(
            "send", bench.Smtps, "--from", "jane@example.com", "--to", "joe@example.org", "--to", "ann@example.net", bench.Folder["letter.eml"],
            "--ca", bench.Folder["ca.pem"], "--output", "json");

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        SubmittedMessage message = Assert.Single(bench.Server.Outbox);
        Assert.Equal(Letter, Encoding.ASCII.GetString(message.Content.Span));
        Assert.True(run.Json.GetProperty("isAccepted").GetBoolean());
        JsonElement[] recipients = [.. run.Json.GetProperty("recipients").EnumerateArray()];
        Assert.Equal(["joe@example.org", "ann@example.net"], recipients.Select(recipient => recipient.GetProperty("address").GetString()));
        Assert.All(recipients, recipient => Assert.Equal(250, recipient.GetProperty("reply").GetProperty("code").GetInt32()));
        Assert.Equal(250, run.Json.GetProperty("final").GetProperty("code").GetInt32());
    }

    [Fact]
    public async Task Submits_standard_input_without_signing_in_where_no_user_is_given()
    {
        await using ToolBench bench = await ToolBench.StartAsync();
        bench.Input.Write(Encoding.ASCII.GetBytes(Letter));
        bench.Input.Position = 0;

        ToolRun run = await bench.RunAsync(
            "send", $"smtp://localhost:{bench.Server.PortOf(LabService.Smtp)}", "--from", "<>", "--to", "joe@example.org", "-", "--ca", bench.Folder["ca.pem"]);

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Equal(Letter, Encoding.ASCII.GetString(Assert.Single(bench.Server.Outbox).Content.Span));
        Assert.Equal(0, bench.Server.Journal.SignIns);
    }

    [Fact]
    public async Task A_refused_recipient_is_told_with_the_servers_words_and_the_others_get_the_message()
    {
        await using ToolBench bench = await ToolBench.StartAsync(new() { Script = [Misbehaviour.RefuseRecipient("gone@example.org", "550 5.1.1 no such user")] });
        await File.WriteAllTextAsync(bench.Folder["letter.eml"], Letter, TestContext.Current.CancellationToken);

        ToolRun run = await bench.RunAsync(
            "send", bench.Smtps, "--from", "jane@example.com", "--to", "gone@example.org", "--to", "joe@example.org", bench.Folder["letter.eml"],
            "--ca", bench.Folder["ca.pem"], "--output", "json");

        Assert.Equal(1, run.ExitCode);
        Assert.True(run.Json.GetProperty("isAccepted").GetBoolean());
        JsonElement gone = run.Json.GetProperty("recipients")[0];
        Assert.Equal((false, 550, "5.1.1"), (gone.GetProperty("isAccepted").GetBoolean(), gone.GetProperty("reply").GetProperty("code").GetInt32(),
            gone.GetProperty("reply").GetProperty("enhancedCode").GetString()));
        Assert.Single(bench.Server.Outbox);
    }

    [Fact]
    public async Task A_refused_sender_is_an_error_of_its_own_class()
    {
        await using ToolBench bench = await ToolBench.StartAsync(new() { Script = [Misbehaviour.Reply("MAIL", "553 5.7.1 not yours")] });
        await File.WriteAllTextAsync(bench.Folder["letter.eml"], Letter, TestContext.Current.CancellationToken);

        ToolRun run = await bench.RunAsync(
            "send", bench.Smtps, "--from", "jane@example.com", "--to", "joe@example.org", bench.Folder["letter.eml"], "--ca", bench.Folder["ca.pem"]);

        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith("error (rejected-sender): 553 5.7.1 not yours", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("not an address", "joe@example.org"), InlineData("jane@example.com", "joe@"), InlineData("jane@example.com", "joe@example.org\r\nRCPT TO:<x@y>")]
    public async Task What_is_no_address_is_wrong_usage(string from, string to)
    {
        await using ToolBench bench = await ToolBench.StartAsync();

        ToolRun run = await bench.RunAsync("send", bench.Smtps, "--from", from, "--to", to, "-");

        Assert.Equal(2, run.ExitCode);
        Assert.Equal(0, bench.Server.Journal.ConnectionsOpened);
    }

    [Fact]
    public async Task A_file_that_is_not_there_is_wrong_usage()
    {
        await using ToolBench bench = await ToolBench.StartAsync();

        ToolRun run = await bench.RunAsync("send", bench.Smtps, "--from", "jane@example.com", "--to", "joe@example.org", bench.Folder["nowhere.eml"]);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains("nowhere.eml", run.Error, StringComparison.Ordinal);
    }
}
