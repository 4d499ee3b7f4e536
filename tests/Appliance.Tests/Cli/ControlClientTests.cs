using System.Text;
using System.Text.Json.Nodes;
using EmailSync.Appliance.Api.Contracts;
using EmailSync.Appliance.Cli;
using EmailSync.Appliance.Tests.Api;

namespace EmailSync.Appliance.Tests.Cli;

public sealed class ControlClientTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Creates_reads_changes_and_deletes()
    {
        await using ApiHost host = await ApiHost.StartAsync();
        using ControlClient client = new(Path.Combine(host.Folder, "control.sock"));

        Answer<ProfileContract> created = await client.PostAsync(
            "profiles", host.ProfileInput(), ContractJson.Contract.JsonObject, ContractJson.Contract.ProfileContract, Cancel);
        Answer<ProfileContract> read = await client.GetAsync($"profiles/{created.Value.Id}", ContractJson.Contract.ProfileContract, Cancel);
        Answer<ProfileContract> changed = await client.PatchAsync(
            $"profiles/{created.Value.Id}", new JsonObject { ["description"] = "changed" }, ContractJson.Contract.JsonObject, read.ETag!,
            ContractJson.Contract.ProfileContract, Cancel);
        await client.DeleteAsync($"profiles/{created.Value.Id}", Cancel);

        Assert.Equal(("lab", "changed"), (read.Value.Name, changed.Value.Description));
        Assert.NotEqual(read.ETag, changed.ETag);
        ApplianceProblemException gone = await Assert.ThrowsAsync<ApplianceProblemException>(
            () => client.GetAsync($"profiles/{created.Value.Id}", ContractJson.Contract.ProfileContract, Cancel));
        Assert.Equal((404, "not-found"), (gone.Problem.Status, gone.Problem.Code));
    }

    [Fact]
    public async Task A_change_of_a_version_that_is_gone_is_refused()
    {
        await using ApiHost host = await ApiHost.StartAsync();
        using ControlClient client = new(Path.Combine(host.Folder, "control.sock"));
        Answer<ProfileContract> created = await client.PostAsync(
            "profiles", host.ProfileInput(), ContractJson.Contract.JsonObject, ContractJson.Contract.ProfileContract, Cancel);
        JsonObject patch = new() { ["description"] = "changed" };
        await client.PatchAsync("profiles/lab", patch, ContractJson.Contract.JsonObject, "*", ContractJson.Contract.ProfileContract, Cancel);

        ApplianceProblemException refused = await Assert.ThrowsAsync<ApplianceProblemException>(() => client.PatchAsync(
            "profiles/lab", patch, ContractJson.Contract.JsonObject, created.ETag!, ContractJson.Contract.ProfileContract, Cancel));

        Assert.Equal((412, "version-conflict"), (refused.Problem.Status, refused.Problem.Code));
    }

    [Fact]
    public async Task Faults_arrive_all_at_once()
    {
        await using ApiHost host = await ApiHost.StartAsync();
        using ControlClient client = new(Path.Combine(host.Folder, "control.sock"));

        ApplianceProblemException refused = await Assert.ThrowsAsync<ApplianceProblemException>(() => client.PostAsync(
            "profiles", new JsonObject { ["name"] = "", ["maxConcurrentConnections"] = 0 }, ContractJson.Contract.JsonObject,
            ContractJson.Contract.ProfileContract, Cancel));

        Assert.Equal(["maxConcurrentConnections", "name"], refused.Problem.Errors!.Select(fault => fault.Field).Order());
    }

    [Fact]
    public async Task A_raw_message_goes_in_and_comes_out_as_it_was()
    {
        await using ApiHost host = await ApiHost.StartAsync();
        using ControlClient client = new(Path.Combine(host.Folder, "control.sock"));
        await host.PostAsync("profiles", host.ProfileInput());
        await host.PostAsync("mailboxes", host.MailboxInput());
        byte[] message = Encoding.ASCII.GetBytes("Subject: hello\r\n\r\n.\r\nraw\r\n");
        using MemoryStream content = new(message);

        Answer<EmailContract> sent = await client.PostAsync(
            $"emails/raw?mailbox={host.Lab.Mailboxes[0].Address}&to=joe@example.org", content, "message/rfc822", "key-1", ContractJson.Contract.EmailContract, Cancel);
        using MemoryStream raw = new();
        await client.CopyAsync($"emails/{sent.Value.Id}/raw", raw, Cancel);

        Assert.Equal(message, raw.ToArray());
        Assert.Equal("hello", sent.Value.Subject);
    }

    [Fact]
    public async Task Where_no_appliance_runs_that_is_said()
    {
        using ControlClient client = new(Path.Combine(Path.GetTempPath(), "no-appliance.sock"));

        NoApplianceException exception = await Assert.ThrowsAsync<NoApplianceException>(
            () => client.GetAsync("status", ContractJson.Contract.StatusContract, Cancel));
        Assert.Contains("no-appliance.sock", exception.Message, StringComparison.Ordinal);
    }
}
