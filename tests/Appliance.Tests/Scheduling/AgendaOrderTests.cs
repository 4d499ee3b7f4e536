using EmailSync.Appliance.Model;
using EmailSync.Appliance.Scheduling;

namespace EmailSync.Appliance.Tests.Scheduling;

/// <summary>The agenda against a plain dictionary, by random steps.</summary>
public sealed class AgendaOrderTests
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Whatever_is_planned_moved_canceled_and_ended_in_any_order_each_piece_starts_once_and_on_time()
    {
        int seed = Environment.TickCount;
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {seed}");
        Random random = new(seed);
        Agenda agenda = new(7, 5, new Random(seed));
        for (int profile = 1; profile <= 6; profile++)
            agenda.Configure(new(new(profile), Work.Receive), new(3, $"h{profile % 3}", 995));
        Dictionary<long, DateTimeOffset> planned = [];
        List<Due> running = [];
        DateTimeOffset now = Noon;
        for (int step = 0; step < 20_000; step++)
        {
            long mailbox = random.Next(1, 60);
            switch (random.Next(5))
            {
                case 0 or 1 when !running.Exists(due => due.Mailbox.Value == mailbox):
                    planned[mailbox] = now.AddSeconds(random.Next(100));
                    agenda.Plan(new(new(mailbox), new(1 + mailbox % 6), Work.Receive), planned[mailbox]);
                    break;
                case 2 when !running.Exists(due => due.Mailbox.Value == mailbox):
                    planned.Remove(mailbox);
                    agenda.Cancel(new(mailbox), Work.Receive);
                    break;
                case 3 when agenda.Draw(now) is { } due:
                    Assert.True(planned.Remove(due.Mailbox.Value, out DateTimeOffset on) && on <= now);
                    running.Add(due);
                    break;
                case 4 when running.Count > 0:
                    Due ended = running[random.Next(running.Count)];
                    running.Remove(ended);
                    agenda.Complete(ended, now, Verdict.Nothing);
                    break;
                default:
                    now = now.AddSeconds(random.Next(3));
                    break;
            }

            Assert.Equal(running.Count, agenda.Running);
            Assert.Equal(planned.Count + running.Count, agenda.Planned);
        }

        now = now.AddSeconds(100);
        while (planned.Count > 0)
        {
            foreach (Due ended in running)
                agenda.Complete(ended, now, Verdict.Nothing);
            running.Clear();
            while (agenda.Draw(now) is { } due)
            {
                Assert.True(planned.Remove(due.Mailbox.Value));
                running.Add(due);
            }

            Assert.NotEmpty(running);
        }
    }
}
