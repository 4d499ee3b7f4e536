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
            "alertOnInformation":true,"alertOnWarning":true,"alertOnError":true,"alertRetentionDays":30}
            """.ReplaceLineEndings(""),
            answer.Text);
    }

    [Fact]
    public async Task All_faults_are_told_at_once_and_nothing_is_changed()
    {
        await using ApiHost host = await ApiHost.StartAsync();

        Answer answer = await host.PatchAsync("settings", new JsonObject
        {
            ["maximumAttachmentSizeInKilobytes"] = 131_073, ["alertRetentionDays"] = 0, ["emailRetentionDays"] = 36_501, ["defaultIncomingEmail"] = 7,
        });

        Assert.Equal(422, answer.Status);
        Assert.Equal(
            ["alertRetentionDays", "defaultIncomingEmail", "emailRetentionDays", "maximumAttachmentSizeInKilobytes"],
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
}
