using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;

namespace EmailSync.Appliance.Tests.Store;

public abstract partial class StoreContract
{
    [Fact]
    public async Task Settings_are_the_defaults_until_they_are_set()
    {
        Assert.Equal(new Settings(), await Store.Settings.ReadAsync(Cancellation));

        EmailServerProfile profile = await Store.Profiles.CreateAsync(Samples.Profile(), Cancellation);
        Settings full = new()
        {
            DefaultProfile = profile.Id,
            DefaultIncomingEmail = DeliveryMethod.None,
            DefaultOutgoingEmail = DeliveryMethod.None,
            ApprovalRequiredForUsers = false,
            ApprovalRequiredForQueues = false,
            MaximumAttachmentSizeInKilobytes = 1,
            UseTrackingTokens = true,
            AlertOnInformation = false,
            AlertOnWarning = false,
            AlertOnError = false,
            AlertRetentionDays = 2,
            AuditRetentionDays = 31,
            EmailRetentionDays = 3,
        };
        AssertEverythingIsSet(full, nameof(Settings.Version));
        Settings updated = await Store.Settings.UpdateAsync(full, Cancellation);
        await ReopenAsync();

        Assert.Equal(full with { Version = 1 }, updated);
        Assert.Equal(updated, await Store.Settings.ReadAsync(Cancellation));
    }

    [Fact]
    public async Task An_update_of_the_settings_needs_the_version_that_is_stored()
    {
        Settings first = await Store.Settings.UpdateAsync(new(), Cancellation);
        await Store.Settings.UpdateAsync(first with { ApprovalRequiredForUsers = false }, Cancellation);

        VersionConflictException conflict = await Assert.ThrowsAsync<VersionConflictException>(
            async () => await Store.Settings.UpdateAsync(first, Cancellation));
        Assert.Equal(2, conflict.Actual);
        await Assert.ThrowsAsync<NotStoredException>(
            async () => await Store.Settings.UpdateAsync(new() { Version = 2, DefaultProfile = new(999) }, Cancellation));
    }
}
