using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;
using EmailSync.Appliance.Tests.Faults;
using EmailSync.Lab;

namespace EmailSync.Appliance.Tests.Api;

/// <summary>Each class of trouble, from a server that has it to the alert that an administrator reads.</summary>
public sealed class ErrorClassTests
{
    /// <summary>What a server (or its absence) does, the class that it is, what must be told of it, and what the remedy must speak of.</summary>
    private sealed record Trouble(string Code, string Told, string Remedy)
    {
        public string Profile { get; init; } = "lab";

        public MailService Service { get; init; } = MailService.Pop3;

        /// <summary>Of its own mailbox only.</summary>
        public Strike? Strike { get; init; }

        public bool HasPassword { get; init; } = true;

        public string? Password { get; init; }
    }

    private static readonly Trouble[] Troubles =
    [
        new("policy", "POP3 to localhost:22 (implicit TLS) is not admitted by the commercial egress policy", "a port and TLS mode that the policy admits") { Profile = "policy" },
        new("dns", "nowhere.invalid", "spelling") { Profile = "dns" },
        new("connect", "refused", "firewall") { Profile = "connect" },
        new("tls", "out of certificates", "the port and the TLS mode belong together") { Profile = "starttls" },
        new("certificate-untrusted", "not trusted: unable to get local issuer certificate", "trustedCertificates") { Profile = "untrusted" },
        new("certificate-expired", "expired", "renew") { Profile = "expired" },
        new("certificate-name", "localhost", "names in the certificate") { Profile = "other-name" },
        new("protocol", "lots of mail", "of the right kind") { Strike = Misbehaviour.Reply("STAT", "+OK lots of mail") },
        new("authentication", "[AUTH]", "user name and password") { Password = "wrong" },
        new("mailbox-in-use", "[IN-USE] another client reads it", "Close the other client") { Strike = Misbehaviour.RefuseSignIn("-ERR [IN-USE] another client reads it") },
        new("quota", "[LOGIN-DELAY] not so often", "minPollingIntervalInMinutes") { Strike = Misbehaviour.RefuseSignIn("-ERR [LOGIN-DELAY] not so often") },
        new("server", "[SYS/TEMP] our disk is full", "ask the server's operator") { Strike = Misbehaviour.RefuseSignIn("-ERR [SYS/TEMP] our disk is full") },
        new("timeout", "response to the sign-in: not complete within 1 s", "timeouts") { Profile = "impatient", Strike = Misbehaviour.Hang(Misbehaviour.SigningIn) },
        new("configuration", "set its user name and password", "The text names what is missing") { HasPassword = false },
        new("size", "552 5.3.4 too big for us", "smaller message") { Service = MailService.Submission, Strike = Misbehaviour.Reply("MAIL", "552 5.3.4 too big for us") },
        new("rejected-sender", "550 5.7.1 that is not you", "belongs to the account") { Service = MailService.Submission, Strike = Misbehaviour.Reply("MAIL", "550 5.7.1 that is not you") },
        new("rejected-recipient", "550 5.1.1 nobody of that name", "recipient's address") { Service = MailService.Submission, Strike = Misbehaviour.Reply("RCPT", "550 5.1.1 nobody of that name") },
        new("rejected-content", "554 5.7.0 smells of spam", "names the rule") { Service = MailService.Submission, Strike = Misbehaviour.Reply(Misbehaviour.FinalDot, "554 5.7.0 smells of spam") },
    ];

    [Fact]
    public async Task Test_and_Enable_tells_every_class_with_a_code_the_servers_own_words_and_a_remedy_that_no_other_has()
    {
        using LabCertificateAuthority authority = new();
        await using LabServer expired = await LabServer.StartAsync(new() { Authority = authority, CertificateKind = LabCertificate.Expired }, ApiHost.Timeout);
        await using LabServer otherName = await LabServer.StartAsync(new() { Authority = authority, CertificateKind = LabCertificate.WrongName }, ApiHost.Timeout);
        int closedPort = FindClosedPort();
        await using ApiHost host = await ApiHost.StartAsync(
            options => options with { AdditionalPorts = [.. options.AdditionalPorts, closedPort, expired.PortOf(LabService.Pop3s), otherName.PortOf(LabService.Pop3s)] },
            new() { Mailboxes = Troubles.Length, MessagesPerMailbox = 0, Authority = authority });
        host.Lab.Misbehave(
        [
            Misbehaviour.Reply("STLS", "-ERR out of certificates") with { Service = LabService.Pop3 },
            .. Troubles.Select((trouble, index) => trouble.Strike is { } strike ? strike with { Mailbox = host.Lab.Mailboxes[index].Address } : null).OfType<Misbehaviour>(),
        ]);
        await AddProfileAsync(host, "lab");
        await AddProfileAsync(host, "dns", ("incomingServerLocation", "nowhere.invalid"));
        await AddProfileAsync(host, "connect", ("incomingPort", closedPort));
        await AddProfileAsync(host, "starttls", ("incomingPort", host.Lab.PortOf(LabService.Pop3)), ("incomingTlsMode", "starttls"));
        await AddProfileAsync(host, "untrusted", ("trustedCertificates", null));
        await AddProfileAsync(host, "expired", ("incomingPort", expired.PortOf(LabService.Pop3s)));
        await AddProfileAsync(host, "other-name", ("incomingPort", otherName.PortOf(LabService.Pop3s)));
        await AddProfileAsync(host, "impatient", ("commandTimeoutSeconds", 1));
        // No policy of today admits it: it was stored when another one was in force.
        await host.Store.Profiles.CreateAsync(
            new() { Name = "policy", Incoming = new() { Location = new(HostName.Parse("localhost"), 22, TlsMode.Implicit) } }, ApiHost.Timeout);
        await host.PatchAsync("settings", new JsonObject { ["approvalRequiredForUsers"] = false });
        for (int index = 0; index < Troubles.Length; index++)
            await AddMailboxAsync(host, Troubles[index], index + 1);

        await TestAsync(host, new JsonArray([.. host.Lab.Mailboxes.Select(mailbox => (JsonNode)mailbox.Address)]));

        for (int index = 0; index < Troubles.Length; index++)
        {
            Trouble trouble = Troubles[index];
            string prefix = trouble.Service == MailService.Pop3 ? "incoming" : "outgoing";
            Answer mailbox = await host.GetAsync($"mailboxes/{host.Lab.Mailboxes[index].Address}");
            JsonArray alerts = (await host.GetAsync($"alerts?scope=mailbox&subject={mailbox.String("id")}")).Json["items"]!.AsArray();
            Assert.True(alerts.Count == 1 && (string)alerts[0]!["code"]! == trouble.Code, $"{trouble.Code}: {alerts.ToJsonString()}");
            Assert.True(((string)alerts[0]!["text"]!).Contains(trouble.Told, StringComparison.Ordinal), $"{trouble.Code}: {alerts[0]!["text"]}");
            Assert.Contains(trouble.Remedy, (string)alerts[0]!["remedy"]!, StringComparison.Ordinal);
            Assert.Equal(("failure", false), (mailbox.String($"{prefix}EmailStatus"), (bool)mailbox.Json[trouble.Service == MailService.Pop3 ? "enabledForIncoming" : "enabledForOutgoing"]!));
            Assert.Contains(trouble.Told, mailbox.String("lastError"), StringComparison.Ordinal);
            JsonNode step = (await host.GetAsync($"mailboxes/{mailbox.String("id")}/test")).Json["steps"]!.AsArray().Single(step => (string)step!["outcome"]! == "failed")!;
            Assert.Equal((trouble.Code, (string)alerts[0]!["remedy"]!), ((string)step["errorClass"]!, (string)step["advice"]!));
            Answer profile = await host.GetAsync($"profiles/{trouble.Profile}");
            Assert.Equal(
                ["test-failed"],
                (await host.GetAsync($"alerts?scope=profile&subject={profile.String("id")}")).Json["items"]!.AsArray().Select(alert => (string)alert!["code"]!));
        }

        string[] remedies = [.. Troubles.Select(trouble => trouble.Code).Append("storage").Select(code => AlertCatalog.Find(code)!.Remedy)];
        Assert.Equal(remedies.Length, remedies.Distinct().Count());
    }

    [Fact]
    public async Task A_test_whose_findings_the_disk_does_not_take_is_told_as_ours_and_the_mailbox_stays_as_it_was()
    {
        await using ApiHost host = await StartWithUnwrittenFindingsAsync(new StorageException("RecordAsync failed on purpose.", new IOException("EIO")));

        JsonNode step = await OnlyFailedStepAsync(host);

        Assert.Equal(("storage", AlertCatalog.For(ErrorClass.Storage).Remedy), ((string)step["errorClass"]!, (string)step["advice"]!));
        Assert.Contains("RecordAsync failed on purpose", (string)step["detail"]!, StringComparison.Ordinal);
        Answer mailbox = await host.GetAsync("mailboxes/mbx_1");
        Assert.Equal(("not-run", false), (mailbox.String("mailboxStatus"), (bool)mailbox.Json["enabledForIncoming"]!));
    }

    [Fact]
    public async Task A_test_that_ends_in_what_nobody_foresaw_ends()
    {
        await using ApiHost host = await StartWithUnwrittenFindingsAsync(new NotSupportedException("Nobody foresaw this."));

        JsonNode step = await OnlyFailedStepAsync(host);

        Assert.Contains("Nobody foresaw this.", (string)step["detail"]!, StringComparison.Ordinal);
    }

    /// <summary>One mailbox that could be enabled, and a store that does not take what its test finds.</summary>
    private static async Task<ApiHost> StartWithUnwrittenFindingsAsync(Exception failure)
    {
        ApiHost host = await ApiHost.StartAsync(wrap: store => FaultingStore.Wrap(store, new FailingCall(nameof(IMailboxes.RecordAsync), failure)));
        await AddProfileAsync(host, "lab");
        await host.PatchAsync("settings", new JsonObject { ["approvalRequiredForUsers"] = false });
        await host.PostAsync("mailboxes", host.MailboxInput());
        return host;
    }

    private static async Task<JsonNode> OnlyFailedStepAsync(ApiHost host)
    {
        JsonNode result = await TestAsync(host, new JsonArray(host.Lab.Mailboxes[0].Address));
        return Assert.Single(result["failedSteps"]!.AsArray())!;
    }

    private static async Task AddProfileAsync(ApiHost host, string name, params (string Field, JsonNode? Value)[] changes)
    {
        JsonObject input = host.ProfileInput(name);
        foreach ((string field, JsonNode? value) in changes)
            input[field] = value;
        Answer answer = await host.PostAsync("profiles", input);
        Assert.True(answer.Status == 201, answer.Text);
    }

    private static async Task AddMailboxAsync(ApiHost host, Trouble trouble, int number)
    {
        JsonObject input = host.MailboxInput(number, trouble.Profile);
        input[trouble.Service == MailService.Pop3 ? "outgoingEmail" : "incomingEmail"] = "none";
        if (trouble.Password is { } password)
            input["password"] = password;
        if (!trouble.HasPassword)
            input.Remove("password");
        Answer answer = await host.PostAsync("mailboxes", input);
        Assert.True(answer.Status == 201, answer.Text);
    }

    /// <summary>Tests, waits for the end, and returns the last result.</summary>
    private static async Task<JsonNode> TestAsync(ApiHost host, JsonArray mailboxes)
    {
        string id = (await host.PostAsync("tests", new JsonObject { ["mailboxes"] = mailboxes })).String("id");
        await host.Socket.GetStringAsync($"tests/{id}/events", ApiHost.Timeout);
        return (await host.GetAsync($"tests/{id}/results")).Json["items"]!.AsArray()[^1]!;
    }

    private static int FindClosedPort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private sealed class FailingCall(string method, Exception failure) : StoreFault(call: 0, isDone: false)
    {
        public override Task<T> RunAsync<T>(string called, Func<Task<T>> work) => called == method ? Task.FromException<T>(failure) : work();
    }
}
