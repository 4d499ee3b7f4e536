using System.Text.Json;
using EmailSync.Lab;

namespace EmailSync.Appliance.Tests.OneShot;

public sealed class ProbeCommandTests
{
    [Fact]
    public async Task Every_step_is_told_with_what_it_found()
    {
        await using ToolBench bench = await ToolBench.StartAsync();

        ToolRun run = await bench.RunAsync(
            "probe", "pop3", $"{bench.Mailbox.Address}@localhost:{bench.Server.PortOf(LabService.Pop3s)}", "--ca", bench.Folder["ca.pem"], "--output", "json");

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.True(run.Json.GetProperty("isReachable").GetBoolean());
        JsonElement[] steps = [.. run.Json.GetProperty("steps").EnumerateArray()];
        Assert.Equal(
            ["policy", "dns", "tcp", "tls", "greeting", "capabilities", "authentication", "maildrop"],
            steps.Select(step => step.GetProperty("name").GetString()));
        Assert.All(steps, step => Assert.Equal("passed", step.GetProperty("outcome").GetString()));
        string tls = steps[3].GetProperty("detail").GetString()!;
        Assert.Contains("TLS 1.3", tls, StringComparison.Ordinal);
        Assert.Contains("CN=localhost", tls, StringComparison.Ordinal);
        Assert.Contains("CN=EmailSync Lab Root", tls, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_user_it_ends_before_sign_in()
    {
        await using ToolBench bench = await ToolBench.StartAsync();

        ToolRun run = await bench.RunAsync(
            "probe", "smtp", $"localhost:{bench.Server.PortOf(LabService.Smtp)}", "--tls", "starttls", "--ca", bench.Folder["ca.pem"], "--output", "json");

        Assert.Equal(
            ["policy", "dns", "tcp", "greeting", "tls", "capabilities"],
            run.Json.GetProperty("steps").EnumerateArray().Select(step => step.GetProperty("name").GetString()));
        Assert.Equal(0, bench.Server.Journal.SignIns);
    }

    [Theory]
    [InlineData(LabCertificate.Expired, "certificate-expired"), InlineData(LabCertificate.WrongName, "certificate-name"), InlineData(LabCertificate.SelfSigned, "certificate-untrusted")]
    public async Task The_step_that_fails_says_why_and_what_to_do(LabCertificate certificate, string code)
    {
        await using ToolBench bench = await ToolBench.StartAsync(new() { CertificateKind = certificate });

        ToolRun run = await bench.RunAsync(
            "probe", "pop3", $"localhost:{bench.Server.PortOf(LabService.Pop3s)}", "--ca", bench.Folder["ca.pem"], "--output", "json");

        Assert.Equal(1, run.ExitCode);
        JsonElement last = run.Json.GetProperty("steps").EnumerateArray().Last();
        Assert.Equal(("tls", "failed"), (last.GetProperty("name").GetString(), last.GetProperty("outcome").GetString()));
        Assert.Equal(code, last.GetProperty("error").GetProperty("code").GetString());
        Assert.Contains($"error ({code})", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a wrong password", "authentication", "authentication")]
    [InlineData("an unknown host", "dns", "dns")]
    [InlineData("a closed port", "tcp", "connect")]
    public async Task A_wrong_password_an_unknown_host_and_a_closed_port_are_three_troubles(string trouble, string step, string code)
    {
        await using ToolBench bench = await ToolBench.StartAsync();
        const string Wrong = "s3cret-of-nobody";
        bench.Password = trouble == "a wrong password" ? Wrong : bench.Mailbox.Password;
        int port = bench.Server.PortOf(LabService.Pop3s);
        string host = trouble == "an unknown host" ? $"no-such-host.invalid:{port}" : $"localhost:{port}";
        if (trouble == "a closed port")
            await bench.Server.DisposeAsync();

        ToolRun run = await bench.RunAsync("probe", "pop3", $"{bench.Mailbox.Address}@{host}", "--ca", bench.Folder["ca.pem"], "--output", "json");

        Assert.Equal(1, run.ExitCode);
        JsonElement last = run.Json.GetProperty("steps").EnumerateArray().Last();
        JsonElement error = last.GetProperty("error");
        Assert.Equal((step, "failed", code), (last.GetProperty("name").GetString(), last.GetProperty("outcome").GetString(), error.GetProperty("code").GetString()));
        Assert.NotEmpty(error.GetProperty("remedy").GetString()!);
        Assert.DoesNotContain(Wrong, run.Output + run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_policy_that_says_no_is_the_first_step()
    {
        await using ToolBench bench = await ToolBench.StartAsync();
        bench.GovMode = true;

        ToolRun run = await bench.RunAsync("probe", "pop3", "localhost:110");

        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith("FAILED policy", run.Output, StringComparison.Ordinal);
        Assert.Contains("government egress policy", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_locked_maildrop_is_no_wrong_password()
    {
        await using ToolBench bench = await ToolBench.StartAsync(new() { Script = [Misbehaviour.RefuseSignIn("-ERR [IN-USE] maildrop already locked")] });

        ToolRun run = await bench.RunAsync(
            "probe", "pop3", $"{bench.Mailbox.Address}@localhost:{bench.Server.PortOf(LabService.Pop3s)}", "--ca", bench.Folder["ca.pem"]);

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("FAILED authentication", run.Output, StringComparison.Ordinal);
        Assert.Contains("error (mailbox-in-use)", run.Error, StringComparison.Ordinal);
        Assert.Contains("maildrop already locked", run.Error, StringComparison.Ordinal);
    }

    [Theory, InlineData("imap", "localhost"), InlineData("pop3", "localhost:x"), InlineData("pop3", "smtps://localhost"), InlineData("pop3", "a b")]
    public async Task Wrong_usage_is_told(string service, string host)
    {
        await using ToolBench bench = await ToolBench.StartAsync();

        Assert.Equal(2, (await bench.RunAsync("probe", service, host)).ExitCode);
    }
}
