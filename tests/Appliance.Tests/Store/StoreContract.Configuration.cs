using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;
using EmailSync.Protocols.Wire;

namespace EmailSync.Appliance.Tests.Store;

public abstract partial class StoreContract
{
    private static readonly ServerLocation OldServer = new(HostName.Parse("old.example.com"), 995, TlsMode.Implicit);
    private static readonly ServerLocation NewServer = new(HostName.Parse("new.example.com"), 995, TlsMode.Implicit);

    [Fact]
    public async Task X_05_a_profile_that_moves_keeps_no_secret_but_what_comes_along_and_returns_its_mailboxes_to_pending()
    {
        (EmailServerProfile profile, Mailbox mailbox) = await AddApprovedAsync();

        EmailServerProfile moved = await Store.Profiles.UpdateAsync(At(profile, NewServer), Cancellation, new GivenSecret(SecretKind.Outgoing, new("new")));
        await ReopenAsync();

        Assert.Equal(moved, await Store.Profiles.FindAsync(profile.Id, Cancellation));
        Assert.Equal([(SecretKind.Outgoing, "new")], await SecretsAsync(profile.Id.ToString()));
        await AssertPendingAsync(mailbox, profile.Id);
    }

    [Fact]
    public async Task What_moves_no_server_keeps_secrets_and_approvals()
    {
        (EmailServerProfile profile, Mailbox mailbox) = await AddApprovedAsync();
        EmailServerProfile twin = await Store.Profiles.CreateAsync(At(Samples.Profile("twin"), OldServer), Cancellation);

        await Store.Profiles.UpdateAsync(profile with { Description = "other", MaxConcurrentConnections = 2 }, Cancellation);
        Mailbox renamed = await Store.Mailboxes.UpdateAsync(mailbox with { Name = "other" }, Cancellation);
        await Store.Mailboxes.UpdateAsync(renamed with { Profile = twin.Id }, Cancellation);

        Assert.Equal(4, (await SecretsAsync(profile.Id.ToString())).Count);
        Assert.Equal(2, (await SecretsAsync(mailbox.Id.ToString())).Count);
        Mailbox now = (await Store.Mailboxes.FindAsync(mailbox.Id, Cancellation))!;
        Assert.Equal((EmailApproval.Approved, true), (now.Approval, now.State.EnabledForIncoming));
    }

    [Fact]
    public async Task X_05_a_mailbox_of_another_address_or_server_keeps_no_secret_but_what_comes_along()
    {
        EmailServerProfile other = await Store.Profiles.CreateAsync(At(Samples.Profile("other"), NewServer), Cancellation);
        foreach (Func<Mailbox, Mailbox> change in (Func<Mailbox, Mailbox>[])[mailbox => mailbox with { Profile = other.Id }, mailbox => mailbox with { EmailAddress = "eve@example.com" }])
        {
            (EmailServerProfile profile, Mailbox mailbox) = await AddApprovedAsync();
            Mailbox changed = await Store.Mailboxes.UpdateAsync(change(mailbox), Cancellation);
            await AssertPendingAsync(changed, changed.Profile);

            Mailbox back = await Store.Mailboxes.UpdateAsync(changed with { Profile = profile.Id, EmailAddress = "ada@example.com" }, Cancellation, new GivenSecret(SecretKind.Incoming, new("new")));
            Assert.Equal([(SecretKind.Incoming, "new")], await SecretsAsync(mailbox.Id.ToString()));
            await Store.Mailboxes.DeleteAsync(back.Id, Cancellation);
            await Store.Profiles.DeleteAsync(profile.Id, Cancellation);
        }
    }

    [Fact]
    public async Task A_password_takes_the_place_of_the_one_that_was_used_and_of_no_other()
    {
        SecretName name = SecretName.RefreshTokenOf(await Store.AddMailboxAsync("ada@example.com", Cancellation));
        Assert.False(await Store.Secrets.SetAsync(name, new("second"), Cancellation, inPlaceOf: new Secret("first")));
        await Store.Secrets.SetAsync(name, new("first"), Cancellation);

        Assert.True(await Store.Secrets.SetAsync(name, new("second"), Cancellation, inPlaceOf: new Secret("first")));
        Assert.False(await Store.Secrets.SetAsync(name, new("third"), Cancellation, inPlaceOf: new Secret("first")));
        Assert.Equal("second", (await Store.Secrets.RevealAsync(name, Cancellation))?.Reveal());
    }

    [Fact]
    public async Task A_configuration_is_stored_whole()
    {
        (EmailServerProfile profile, Mailbox mailbox) = await AddApprovedAsync();
        Mailbox goes = await Store.Mailboxes.CreateAsync(Samples.Mailbox(profile.Id, "goes@example.com"), Cancellation);
        EmailServerProfile unused = await Store.Profiles.CreateAsync(Samples.Profile("unused"), Cancellation);

        await Store.ChangeConfigurationAsync(
            [
                new SaveProfile(Samples.Profile("made"), [new(SecretKind.ClientSecret, new("made"))]),
                new SaveProfile(At(profile, NewServer), [new(SecretKind.Incoming, new("new"))]),
                new SaveSettings(new(), "MADE"),
                new SaveMailbox(Samples.Mailbox(default, "made@example.com"), "made", [new(SecretKind.Incoming, new("hers"))]),
                new SaveMailbox(mailbox with { Name = "renamed" }, profile.Name, [new(SecretKind.RefreshToken, new("new"))]),
                new DeleteMailbox(goes.Id),
                new DeleteProfile(unused.Id),
            ],
            Cancellation);
        await ReopenAsync();

        EmailServerProfile made = (await Store.Profiles.FindByNameAsync("made", Cancellation))!;
        Assert.Equal([(SecretKind.ClientSecret, "made")], await SecretsAsync(made.Id.ToString()));
        Assert.Equal(made.Id, (await Store.Settings.ReadAsync(Cancellation)).DefaultProfile);
        Mailbox new1 = (await Store.Mailboxes.FindByAddressAsync("made@example.com", Cancellation))!;
        Assert.Equal(made.Id, new1.Profile);
        Assert.Equal([(SecretKind.Incoming, "hers")], await SecretsAsync(new1.Id.ToString()));
        Assert.Equal([(SecretKind.Incoming, "new")], await SecretsAsync(profile.Id.ToString()));
        // Its profile moved, and it was read before that: the agreement that it was read with does not come back.
        Mailbox renamed = (await Store.Mailboxes.FindAsync(mailbox.Id, Cancellation))!;
        Assert.Equal(("renamed", EmailApproval.Pending, false), (renamed.Name, renamed.Approval, renamed.State.EnabledForIncoming));
        Assert.Equal([(SecretKind.RefreshToken, "new")], await SecretsAsync(mailbox.Id.ToString()));
        Assert.Null(await Store.Mailboxes.FindAsync(goes.Id, Cancellation));
        Assert.Null(await Store.Profiles.FindAsync(unused.Id, Cancellation));
    }

    [Fact]
    public async Task A_step_that_is_refused_takes_all_steps_with_it()
    {
        (EmailServerProfile profile, Mailbox mailbox) = await AddApprovedAsync();
        Mailbox goes = await Store.Mailboxes.CreateAsync(Samples.Mailbox(profile.Id, "goes@example.com"), Cancellation);
        (ConfigurationStep Step, Type Refusal)[] refused =
        [
            (new SaveProfile(Samples.Profile("CONTOSO"), []), typeof(DuplicateValueException)),
            (new SaveProfile(profile with { Version = 9 }, []), typeof(VersionConflictException)),
            (new SaveProfile(profile with { Id = new(999) }, []), typeof(NotStoredException)),
            (new SaveMailbox(Samples.Mailbox(default, "ADA@example.com"), "Contoso", []), typeof(DuplicateValueException)),
            (new SaveMailbox(mailbox with { Version = 9 }, "Contoso", []), typeof(VersionConflictException)),
            (new SaveMailbox(mailbox, "nobody's", []), typeof(NotStoredException)),
            (new SaveSettings(new() { Version = 9 }, null), typeof(VersionConflictException)),
            (new SaveSettings(new(), "nobody's"), typeof(NotStoredException)),
            (new DeleteMailbox(new(999)), typeof(NotStoredException)),
            (new DeleteProfile(profile.Id), typeof(InUseException)),
        ];
        foreach ((ConfigurationStep step, Type refusal) in refused)
        {
            await Assert.ThrowsAsync(refusal, async () => await Store.ChangeConfigurationAsync(
                [
                    new SaveProfile(At(profile, NewServer), [new(SecretKind.Incoming, new("new"))]),
                    new SaveProfile(Samples.Profile("made"), []),
                    new SaveMailbox(Samples.Mailbox(default, "made@example.com"), "made", [new(SecretKind.Incoming, new("hers"))]),
                    new DeleteMailbox(goes.Id),
                    step,
                ],
                Cancellation));
            Assert.Equal([profile], await Store.Profiles.ListAsync(Cancellation));
            Assert.Equal([mailbox, goes], await Store.Mailboxes.ListAsync(new(), null, 10, Cancellation));
            Assert.Equal(new Settings(), await Store.Settings.ReadAsync(Cancellation));
            Assert.Equal(4, (await SecretsAsync(profile.Id.ToString())).Count(secret => secret.Value == "old"));
            Assert.Equal(2, (await SecretsAsync(mailbox.Id.ToString())).Count(secret => secret.Value == "old"));
        }
    }

    private static EmailServerProfile At(EmailServerProfile profile, ServerLocation server) =>
        profile with { Incoming = profile.Incoming with { Location = server }, Outgoing = profile.Outgoing with { Location = server } };

    /// <summary>A profile with all secrets, and a mailbox of it with all of hers, agreed to, enabled, and with a message skipped.</summary>
    private async Task<(EmailServerProfile Profile, Mailbox Mailbox)> AddApprovedAsync()
    {
        EmailServerProfile profile = await Store.Profiles.CreateAsync(
            At(Samples.Profile(), OldServer), Cancellation, [.. Enum.GetValues<SecretKind>().Select(kind => new GivenSecret(kind, new("old")))]);
        Mailbox mailbox = await Store.Mailboxes.CreateAsync(
            Samples.Mailbox(profile.Id) with { Approval = EmailApproval.Approved, ApprovalBy = "admin", ApprovalAt = Start },
            Cancellation, new(SecretKind.Incoming, new("old")), new(SecretKind.RefreshToken, new("old")));
        await Store.Mailboxes.RecordAsync(mailbox.Id, state => state with { EnabledForIncoming = true, EnabledForOutgoing = true, NextPollAt = Start }, Cancellation);
        Lease lease = (await Store.Leases.TakeAsync(mailbox.Id, EmailDirection.Incoming, "test", TimeSpan.FromMinutes(1), Cancellation))!;
        await Store.Incoming.SkipUniqueIdsAsync(lease, [new(1, 1)], Cancellation);
        await Store.Leases.ReleaseAsync(lease, Cancellation);
        return (profile, (await Store.Mailboxes.FindAsync(mailbox.Id, Cancellation))!);
    }

    private async Task AssertPendingAsync(Mailbox before, ProfileId profile)
    {
        Mailbox now = (await Store.Mailboxes.FindAsync(before.Id, Cancellation))!;
        Assert.Equal((profile, EmailApproval.Pending, null, null), (now.Profile, now.Approval, now.ApprovalBy, now.ApprovalAt));
        Assert.Equal((false, false, null), (now.State.EnabledForIncoming, now.State.EnabledForOutgoing, now.State.NextPollAt));
        Assert.Empty(await SecretsAsync(before.Id.ToString()));
        Assert.Empty((await Store.Incoming.KnownUniqueIdsAsync(before.Id, Cancellation)).Hashes);
    }

    private async Task<List<(SecretKind Kind, string Value)>> SecretsAsync(string owner)
    {
        List<(SecretKind, string)> secrets = [];
        foreach (SecretKind kind in Enum.GetValues<SecretKind>())
        {
            if (await Store.Secrets.RevealAsync(new(owner, kind), Cancellation) is { } secret)
                secrets.Add((kind, secret.Reveal()));
        }

        return secrets;
    }
}
