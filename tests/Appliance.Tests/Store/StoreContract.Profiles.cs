using System.Reflection;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;

namespace EmailSync.Appliance.Tests.Store;

public abstract partial class StoreContract
{
    private static readonly EmailServerProfile FullProfile = new()
    {
        Name = "Contoso",
        Description = "All of it",
        Incoming = new()
        {
            Location = new(HostName.Parse("pop.example.com"), 995, TlsMode.Implicit),
            CredentialRetrieval = CredentialRetrieval.Profile,
            UserName = "master",
            AuthenticationProtocol = AuthenticationProtocol.ScramSha256,
        },
        Outgoing = new()
        {
            Location = new(HostName.Parse("[2001:db8::25]"), 587, TlsMode.StartTls),
            CredentialRetrieval = CredentialRetrieval.Anonymous,
            UserName = "sender",
            AuthenticationProtocol = AuthenticationProtocol.OAuth,
        },
        UseSameSettingsForOutgoing = false,
        ProcessEmailsReceivedAfter = Start.AddTicks(7),
        MinPollingInterval = TimeSpan.FromMinutes(7),
        MaxConcurrentConnections = 3,
        ConnectionTimeout = TimeSpan.FromSeconds(11),
        CommandTimeout = TimeSpan.FromSeconds(13),
        SendEmailAlert = true,
        OwnerEmailAddress = "owner@example.com",
        State = ProfileState.Inactive,
        TrustedCertificates = "-----BEGIN CERTIFICATE-----",
        WhenUncertain = WhenUncertain.Hold,
        OAuth = new() { TokenEndpoint = new("https://login.example.com/token"), ClientId = "client", Scope = "mail", Flow = OAuthFlow.RefreshToken },
    };

    [Fact]
    public async Task A_profile_comes_back_as_it_was_stored()
    {
        AssertEverythingIsSet(FullProfile, nameof(EmailServerProfile.Id), nameof(EmailServerProfile.Version));

        EmailServerProfile created = await Store.Profiles.CreateAsync(FullProfile, Cancellation);
        await ReopenAsync();

        Assert.Equal(FullProfile with { Id = created.Id, Version = 1 }, created);
        Assert.Equal(created, await Store.Profiles.FindAsync(created.Id, Cancellation));
    }

    [Fact]
    public async Task A_profile_is_found_by_its_name_without_case()
    {
        EmailServerProfile created = await Store.Profiles.CreateAsync(Samples.Profile("Über"), Cancellation);

        Assert.Equal(created, await Store.Profiles.FindByNameAsync("ÜBER", Cancellation));
        Assert.Null(await Store.Profiles.FindByNameAsync("other", Cancellation));
    }

    [Fact]
    public async Task Profiles_are_listed_by_name()
    {
        foreach (string name in new[] { "b", "A", "c" })
            await Store.Profiles.CreateAsync(Samples.Profile(name), Cancellation);

        Assert.Equal(["A", "b", "c"], (await Store.Profiles.ListAsync(Cancellation)).Select(profile => profile.Name));
    }

    [Fact]
    public async Task A_profile_s_name_is_taken_once()
    {
        EmailServerProfile first = await Store.Profiles.CreateAsync(Samples.Profile("One"), Cancellation);
        EmailServerProfile second = await Store.Profiles.CreateAsync(Samples.Profile("Two"), Cancellation);

        DuplicateValueException taken = await Assert.ThrowsAsync<DuplicateValueException>(
            async () => await Store.Profiles.CreateAsync(Samples.Profile("ONE"), Cancellation));
        Assert.Equal("name", taken.FieldName);
        await Assert.ThrowsAsync<DuplicateValueException>(
            async () => await Store.Profiles.UpdateAsync(second with { Name = "one" }, Cancellation));
        Assert.Equal(2, (await Store.Profiles.UpdateAsync(first with { Name = "ONE" }, Cancellation)).Version);
    }

    [Fact]
    public async Task An_update_of_a_profile_needs_the_version_that_is_stored()
    {
        EmailServerProfile created = await Store.Profiles.CreateAsync(Samples.Profile(), Cancellation);
        EmailServerProfile updated = await Store.Profiles.UpdateAsync(
            FullProfile with { Id = created.Id, Version = created.Version }, Cancellation);

        Assert.Equal(2, updated.Version);
        Assert.Equal(updated, await Store.Profiles.FindAsync(created.Id, Cancellation));
        VersionConflictException conflict = await Assert.ThrowsAsync<VersionConflictException>(
            async () => await Store.Profiles.UpdateAsync(created with { Description = "late" }, Cancellation));
        Assert.Equal(2, conflict.Actual);
        await Assert.ThrowsAsync<NotStoredException>(
            async () => await Store.Profiles.UpdateAsync(updated with { Id = new(999) }, Cancellation));
    }

    [Fact]
    public async Task A_profile_that_mailboxes_use_stays()
    {
        MailboxId mailbox = await Store.AddMailboxAsync("ada@example.com", Cancellation);
        ProfileId profile = (await Store.Mailboxes.FindAsync(mailbox, Cancellation))!.Profile;

        InUseException inUse = await Assert.ThrowsAsync<InUseException>(
            async () => await Store.Profiles.DeleteAsync(profile, Cancellation));
        Assert.Equal(["ada@example.com"], inUse.Users);

        await Store.Mailboxes.DeleteAsync(mailbox, Cancellation);
        await Store.Profiles.DeleteAsync(profile, Cancellation);
        Assert.Null(await Store.Profiles.FindAsync(profile, Cancellation));
        await Assert.ThrowsAsync<NotStoredException>(async () => await Store.Profiles.DeleteAsync(profile, Cancellation));
    }

    [Fact]
    public async Task An_id_is_never_given_twice()
    {
        EmailServerProfile first = await Store.Profiles.CreateAsync(Samples.Profile(), Cancellation);
        await Store.Profiles.DeleteAsync(first.Id, Cancellation);
        await ReopenAsync();

        EmailServerProfile second = await Store.Profiles.CreateAsync(Samples.Profile(), Cancellation);
        Assert.True(second.Id.Value > first.Id.Value);
    }

    /// <summary>Fails when a property was added to the model and this sample, and so perhaps the store, was not told.</summary>
    private static void AssertEverythingIsSet(object sample, params string[] except)
    {
        object defaults = sample switch
        {
            EmailServerProfile => Samples.Profile(""),
            Mailbox => new Mailbox { Name = "", EmailAddress = "", Profile = default },
            _ => Activator.CreateInstance(sample.GetType())!,
        };
        IEnumerable<PropertyInfo> stored = sample.GetType().GetProperties()
            .Where(property => property.CanWrite && !except.Contains(property.Name));
        foreach (PropertyInfo property in stored)
            Assert.False(Equals(property.GetValue(defaults), property.GetValue(sample)), $"The sample has the default of {property.Name}.");
    }
}
