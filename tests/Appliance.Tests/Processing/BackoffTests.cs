using EmailSync.Appliance.Model;
using EmailSync.Appliance.Processing;

namespace EmailSync.Appliance.Tests.Processing;

public sealed class BackoffTests
{
    [Theory]
    [InlineData(1, 5)]
    [InlineData(10, 5)]
    [InlineData(11, 10)]
    [InlineData(12, 20)]
    [InlineData(16, 320)]
    [InlineData(17, 360)]
    [InlineData(10_000, 360)]
    public void A_failing_mailbox_is_tried_ten_times_at_five_minutes_and_then_ever_more_rarely_up_to_six_hours(int failures, int minutes) =>
        Assert.Equal(TimeSpan.FromMinutes(minutes), Backoff.ForMailbox(failures, new()));

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(5, 16)]
    [InlineData(6, 30)]
    [InlineData(10_000, 30)]
    public void A_suspended_server_is_tried_after_a_minute_and_then_ever_more_rarely_up_to_half_an_hour(int suspensions, int minutes) =>
        Assert.Equal(TimeSpan.FromMinutes(minutes), Backoff.ForServer(suspensions));

    [Theory]
    [InlineData(0, 300)]
    [InlineData(299, 300)]
    [InlineData(1000, 1000)]
    [InlineData(4001, 4000)]
    [InlineData(5 * 86400 - 1, 4000)]
    public void A_deferred_email_waits_as_long_as_it_has_waited(int age, int pause) =>
        Assert.Equal(TimeSpan.FromSeconds(pause), Backoff.ForDelivery(TimeSpan.FromSeconds(age), 1, new()));

    [Fact]
    public void A_deferred_email_is_given_up_after_five_days() =>
        Assert.Null(Backoff.ForDelivery(TimeSpan.FromDays(5), 1, new()));

    [Theory]
    [InlineData(0, 1, 0.0, 5)]
    [InlineData(0, 1, 1.0, 5.5)]
    [InlineData(10_000, 1, 0.0, 5)]
    [InlineData(5, 12, 0.0, 5)]
    [InlineData(6, 12, 0.0, 10)]
    [InlineData(10_000, 12, 0.0, 60)]
    [InlineData(10_000, 3, 0.0, 15)]
    public void A_mailbox_is_never_polled_before_its_interval_is_over_and_an_idle_one_later_where_that_is_asked_for(
        int emptyPolls, int factor, double random, double minutes) =>
        Assert.Equal(
            TimeSpan.FromMinutes(minutes), Backoff.ForPoll(TimeSpan.FromMinutes(5), emptyPolls, new() { MaxIdleFactor = factor }, random));

    [Fact]
    public void The_deployment_sets_how_often_and_how_far_apart()
    {
        RetryRules rules = new()
        {
            MaxMailboxTransientFailures = 2, MailboxBackoffOnTransientError = 60, MaximumEmailDeliveryAttempts = 3,
            EmailDeliveryLifetimeHours = 1, EmailDeliveryShortestBackoff = 10, EmailDeliveryLongestBackoff = 20,
        };

        Assert.Equal([60, 60, 120, 240], Enumerable.Range(1, 4).Select(failures => Backoff.ForMailbox(failures, rules).TotalSeconds));
        Assert.Equal([10, 15, 20], new[] { 0, 15, 100 }.Select(age => Backoff.ForDelivery(TimeSpan.FromSeconds(age), 2, rules)!.Value.TotalSeconds));
        Assert.Null(Backoff.ForDelivery(TimeSpan.Zero, 3, rules));
        Assert.Null(Backoff.ForDelivery(TimeSpan.FromHours(1), 1, rules));
    }

    [Fact]
    public void N_05_pauses_are_spread_by_a_tenth_to_either_side()
    {
        Assert.Equal(TimeSpan.FromSeconds(90), Backoff.Spread(TimeSpan.FromSeconds(100), 0));
        Assert.Equal(TimeSpan.FromSeconds(110), Backoff.Spread(TimeSpan.FromSeconds(100), 1));
    }
}
