using System.Text.Json.Nodes;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Processing;
using EmailSync.Appliance.Tests.Api;
using EmailSync.Lab;

namespace EmailSync.Appliance.Tests.Processing;

/// <summary>Which mailboxes are late.</summary>
public sealed class LatenessTests
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private static readonly EmailServerProfile Profile = new() { Name = "p", Incoming = new() { Location = new(HostName.Parse("pop.example.com"), 995, TlsMode.Implicit) } };

    private static readonly Mailbox Due = new()
    {
        Name = "a", EmailAddress = "a@example.com", Profile = default, Approval = EmailApproval.Approved, AllowCredentialsForEmailProcessing = true,
        State = new() { EnabledForIncoming = true, NextPollAt = Noon },
    };

    [Fact]
    public void A_mailbox_is_late_whose_poll_is_due_for_more_than_a_minute_and_has_not_begun()
    {
        Assert.Null(By(Due, 60));
        Assert.Equal(TimeSpan.FromSeconds(61), By(Due, 61));
        Assert.Null(By(Due with { State = Due.State with { LeasedBy = "somebody" } }, 61));
        Assert.Null(By(Due with { State = Due.State with { PostponedUntil = Noon.AddSeconds(30) } }, 61));
        Assert.Equal(TimeSpan.FromSeconds(70), By(Due with { State = Due.State with { PostponedUntil = Noon.AddSeconds(30) } }, 100));
        Assert.Null(By(Due with { State = Due.State with { EnabledForIncoming = false } }, 61));
        Assert.Null(By(Due with { Approval = EmailApproval.Pending }, 61));
        Assert.Null(By(Due with { State = Due.State with { NextPollAt = null } }, 61));
        Assert.Null(Lateness.Of(Due, Profile with { State = ProfileState.Inactive }, new(), Noon.AddHours(1)));
    }

    [Fact]
    public async Task Whoever_waits_behind_one_that_stands_still_is_listed_with_how_late_it_is()
    {
        await using ApiHost host = await ApiHost.StartAsync(options => options with { MaxConnections = 1 }, new() { Mailboxes = 2, MessagesPerMailbox = 1, Script = [Misbehaviour.Hang("UIDL")] });
        Assert.Equal(201, (await host.PostAsync("profiles", host.ProfileInput())).Status);
        for (int number = 1; number <= 2; number++)
        {
            Assert.Equal(201, (await host.PostAsync("mailboxes", host.MailboxInput(number))).Status);
            await host.PostAsync($"mailboxes/mbx_{number}/approve");
            await host.Store.Mailboxes.RecordAsync(new MailboxId(number), state => state with { EnabledForIncoming = true, NextPollAt = DateTimeOffset.UtcNow.AddHours(-1) }, ApiHost.Timeout);
        }

        await host.PostAsync("mailboxes/mbx_1/poll");
        await host.Lab.Journal.WhenAsync(journal => journal.Count("UIDL") > 0, ApiHost.Timeout);

        JsonNode late = Assert.Single((await host.GetAsync("mailboxes?late=true")).Json["items"]!.AsArray())!;
        Assert.Equal("mbx_2", (string?)late["id"]);
        Assert.InRange((long)late["lateBySeconds"]!, 3600, 3720);
        Assert.Equal(2, (await host.GetAsync("mailboxes")).Json["items"]!.AsArray().Count);
        Assert.Null((await host.GetAsync("mailboxes/mbx_1")).Json["lateBySeconds"]);
        Assert.Equal(422, (await host.GetAsync("mailboxes?late=false")).Status);
    }

    private static TimeSpan? By(Mailbox mailbox, double seconds) => Lateness.Of(mailbox, Profile, new(), Noon.AddSeconds(seconds));
}
