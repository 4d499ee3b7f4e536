using System.Text.Json.Nodes;

namespace EmailSync.Appliance.Tests.Api;

public sealed class SettingsApiTests
{
    [Fact]
    public async Task Settings_have_the_original_s_defaults()
    {
        await using ApiHost host = await ApiHost.StartAsync();

        Answer answer = await host.GetAsync("settings");

        Assert.Equal("\"0\"", answer.ETag);
        Assert.Equal(
            """
            {"defaultIncomingEmail":"server-side-synchronization","defaultOutgoingEmail":"server-side-synchronization",
            "approvalRequiredForUsers":true,"approvalRequiredForQueues":true,"maximumAttachmentSizeInKilobytes":5120,
            "useTrackingTokens":false,"alertOnInformation":true,"alertOnWarning":true,"alertOnError":true,"alertRetentionDays":30,"auditRetentionDays":365}
            """.ReplaceLineEndings(""),
            answer.Text);
    }

    [Fact]
    public async Task All_faults_are_told_at_once_and_nothing_is_changed()
    {
        await using ApiHost host = await ApiHost.StartAsync();

        Answer answer = await host.PatchAsync("settings", new JsonObject
        {
            ["maximumAttachmentSizeInKilobytes"] = 131_073, ["alertRetentionDays"] = 0, ["auditRetentionDays"] = 29, ["emailRetentionDays"] = 36_501, ["defaultIncomingEmail"] = 7,
            ["defaultProfile"] = "nobody",
        });

        Assert.Equal(422, answer.Status);
        Assert.Equal(
            ["alertRetentionDays", "auditRetentionDays", "defaultIncomingEmail", "defaultProfile", "emailRetentionDays", "maximumAttachmentSizeInKilobytes"],
            answer.FaultyFields.Order(StringComparer.Ordinal));
        Assert.Equal("\"0\"", (await host.GetAsync("settings")).ETag);
    }

    [Fact]
    public async Task A_change_needs_the_version_that_was_read_and_null_puts_a_field_back()
    {
        await using ApiHost host = await ApiHost.StartAsync();

        Assert.Equal(428, (await host.PatchAsync("settings", new JsonObject { ["alertRetentionDays"] = 7 }, ifMatch: null)).Status);
        Answer changed = await host.PatchAsync("settings", new JsonObject { ["alertRetentionDays"] = 7, ["emailRetentionDays"] = 90 }, "\"0\"");
        Assert.Equal((200, 7, 90), (changed.Status, (int)changed.Json["alertRetentionDays"]!, (int)changed.Json["emailRetentionDays"]!));
        Assert.Equal(412, (await host.PatchAsync("settings", new JsonObject { ["alertRetentionDays"] = 8 }, "\"0\"")).Status);
        Answer back = await host.PatchAsync("settings", new JsonObject { ["alertRetentionDays"] = null, ["emailRetentionDays"] = null }, changed.ETag);
        Assert.Equal((30, null), ((int)back.Json["alertRetentionDays"]!, back.Json["emailRetentionDays"]));
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task What_the_deployment_set_is_shown_and_not_taken(bool government)
    {
        await using ApiHost host = await ApiHost.StartAsync(options => options with { GovMode = government, MaxMailboxTransientFailures = 3 });

        Answer answer = await host.GetAsync("settings/deployment");

        Assert.Equal((government, !government), ((bool)answer.Json["govMode"]!, (bool)answer.Json["allowNonSslEmail"]!));
        Assert.Equal((3, 300), ((int)answer.Json["maxMailboxTransientFailures"]!, (int)answer.Json["mailboxBackoffOnTransientError"]!));
        Assert.Equal(400, (await host.PatchAsync("settings", new JsonObject { ["allowNonSslEmail"] = true })).Status);
    }

    [Fact]
    public async Task An_attachment_is_taken_up_to_the_maximum_size()
    {
        await using ApiHost host = await ApiHost.StartAsync();
        await host.PostAsync("profiles", host.ProfileInput());
        await host.PostAsync("mailboxes", host.MailboxInput());
        await host.PatchAsync("settings", new JsonObject { ["maximumAttachmentSizeInKilobytes"] = 1 });

        Answer taken = await host.PostAsync("emails", EmailWith(new JsonObject { ["name"] = "übersicht.pdf", ["contentType"] = "application/pdf", ["content"] = Convert.ToBase64String(new byte[1024]) }));
        Answer tooLarge = await host.PostAsync("emails", EmailWith(new JsonObject { ["name"] = "a.bin", ["content"] = Convert.ToBase64String(new byte[1025]) }));
        Answer faulty = await host.PostAsync("emails", EmailWith(new JsonObject { ["name"] = "../a", ["contentType"] = "pdf" }));

        Assert.Equal(202, taken.Status);
        string raw = await host.Socket.GetStringAsync($"emails/{taken.String("id")}/raw", ApiHost.Timeout);
        Assert.Contains("Content-Type: application/pdf", raw, StringComparison.Ordinal);
        Assert.Contains(Convert.ToBase64String(new byte[54]), raw, StringComparison.Ordinal);
        Assert.Equal((422, "attachments[0].content"), (tooLarge.Status, Assert.Single(tooLarge.FaultyFields)));
        Assert.Equal(
            ["attachments[0].content", "attachments[0].contentType", "attachments[0].name"], faulty.FaultyFields.Order(StringComparer.Ordinal));
    }

    private static JsonObject EmailWith(JsonObject attachment) => new()
    {
        ["mailbox"] = "mbx_1", ["to"] = new JsonArray("b@example.com"), ["text"] = "See the file.", ["sendAt"] = "2999-01-01T00:00:00Z",
        ["attachments"] = new JsonArray(attachment),
    };
}
