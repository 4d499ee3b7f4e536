using System.Text.Json.Nodes;

namespace EmailSync.Appliance.Tests.Api;

/// <summary>Two administrators at once: one of them is told, and what is stored holds together.</summary>
public sealed class ConcurrentEditsTests
{
    private const int Rounds = 10;

    [Fact]
    public async Task Of_two_changes_of_the_same_version_one_wins_and_the_other_is_told()
    {
        await using ApiHost host = await ApiHost.StartAsync();
        await host.PostAsync("profiles", host.ProfileInput());
        await host.PostAsync("mailboxes", host.MailboxInput());
        foreach ((string path, string field, Func<int, JsonNode> value) in ((string, string, Func<int, JsonNode>)[])
            [("profiles/lab", "description", n => $"{n}"), ("mailboxes/mbx_1", "name", n => $"{n}"), ("settings", "alertRetentionDays", n => n + 1)])
        {
            for (int round = 0; round < Rounds; round++)
            {
                string tag = (await host.GetAsync(path)).ETag!;
                Answer[] answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(n => host.PatchAsync(path, new JsonObject { [field] = value(n) }, tag)));

                Answer winner = Assert.Single(answers, answer => answer.Status == 200);
                Assert.All(answers.Where(answer => answer != winner), loser => Assert.Equal((412, "version-conflict"), (loser.Status, loser.String("code"))));
                Answer stored = await host.GetAsync(path);
                Assert.Equal((winner.ETag, winner.Json[field]!.ToJsonString()), (stored.ETag, stored.Json[field]!.ToJsonString()));
            }
        }
    }

    [Fact]
    public async Task A_profile_that_is_deleted_while_a_mailbox_is_made_with_it_goes_or_has_it()
    {
        await using ApiHost host = await ApiHost.StartAsync();
        for (int round = 0; round < Rounds; round++)
        {
            await host.PostAsync("profiles", host.ProfileInput());

            Task<Answer> making = host.PostAsync("mailboxes", host.MailboxInput());
            Task<Answer> deleting = host.DeleteAsync("profiles/lab");
            (Answer made, Answer deleted) = (await making, await deleting);

            Assert.Contains((made.Status, deleted.Status), ((int, int)[])[(201, 409), (404, 204), (422, 204)]);
            if (made.Status == 201)
            {
                Assert.Equal(200, (await host.GetAsync("profiles/lab")).Status);
                Assert.Equal(204, (await host.DeleteAsync($"mailboxes/{made.String("id")}")).Status);
                Assert.Equal(204, (await host.DeleteAsync("profiles/lab")).Status);
            }

            Assert.Empty((await host.GetAsync("mailboxes")).Json["items"]!.AsArray());
        }
    }

    [Fact]
    public async Task Of_two_mailboxes_of_one_address_one_is_made()
    {
        await using ApiHost host = await ApiHost.StartAsync();
        await host.PostAsync("profiles", host.ProfileInput());

        Answer[] answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => host.PostAsync("mailboxes", host.MailboxInput())));

        Assert.Equal([201, 409, 409, 409], answers.Select(answer => answer.Status).Order());
        Assert.Single((await host.GetAsync("mailboxes")).Json["items"]!.AsArray());
    }
}
