using System.Globalization;
using System.Net.ServerSentEvents;
using System.Text.Json;
using System.Text.Json.Nodes;
using EmailSync.Appliance.Api.Contracts;
using EmailSync.Appliance.Model;
using Spectre.Console;

namespace EmailSync.Appliance.Cli;

/// <summary>Watches a run of tests until it ends: every step of a few mailboxes, a bar and the failures of many.</summary>
internal sealed class TestWatch(Verb verb, IAnsiConsole? terminal)
{
    private readonly Dictionary<string, List<StepContract>> _steps = [];
    private readonly List<TestEventContract> _failed = [];
    private TestJobContract? _job;

    /// <summary>Watches. Returns the exit code: failed where a mailbox failed, or where the run did not come to its end.</summary>
    public async Task<int> RunAsync(TestJobContract job)
    {
        _job = job;
        bool isAlone = job.Total <= 1;
        if (terminal is not null && !isAlone)
            await WithBarAsync();
        else
            await foreach (TestNewsContract news in FollowAsync())
                Tell(news, isAlone);

        foreach (TestEventContract failure in _failed)
            TellFailure(failure);
        if (verb.Output.IsJson)
            ShowJson();
        else if (job.Total != 1)
            verb.Output.Say(string.Create(CultureInfo.InvariantCulture, $"{_job.Completed} of {_job.Total} mailboxes tested: {_job.Succeeded} succeeded, {_job.Failed} failed"));
        if (!verb.Output.IsJson && _job.State != TestJobState.Completed)
            verb.Output.Fail(LocalProblem.TestNotEnded, $"The run {_job.Id} is {ContractJson.NameOf(_job.State)}.");
        return _job is { State: TestJobState.Completed, Failed: 0 } ? VerbRunner.Done : VerbRunner.Failed;
    }

    // The run, and of each mailbox that failed the steps with their advice.
    private void ShowJson()
    {
        JsonObject answer = JsonSerializer.SerializeToNode(_job!, ContractJson.Contract.TestJobContract)!.AsObject();
        answer["failures"] = new JsonArray([.. _failed.Select(failure => JsonSerializer.SerializeToNode(failure, ContractJson.Contract.TestEventContract))]);
        verb.Output.Show(answer, ContractJson.Contract.JsonObject);
    }

    private async IAsyncEnumerable<TestNewsContract> FollowAsync()
    {
        await foreach (SseItem<TestNewsContract> item in verb.Appliance.WatchAsync(
            $"tests/{_job!.Id}/events", ContractJson.Contract.TestNewsContract, verb.Cancellation))
        {
            _job = item.Data.Job;
            yield return item.Data;
        }
    }

    private Task WithBarAsync() => terminal!.Progress()
        .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
        .StartAsync(async context =>
        {
            ProgressTask bar = context.AddTask("testing", maxValue: _job!.Total);
            await foreach (TestNewsContract news in FollowAsync())
            {
                Note(news.Event);
                bar.Value = news.Job.Completed;
                bar.Description = string.Create(CultureInfo.InvariantCulture, $"{news.Job.Completed} of {news.Job.Total}, {news.Job.Failed} failed");
            }
        });

    private void Tell(TestNewsContract news, bool isAlone)
    {
        if (news.Event is not { } happened)
            return;
        if (happened.Step is { } step)
        {
            if (isAlone)
                TellStep(step);
            else
                StepsOf(happened).Add(step);
            return;
        }

        if (verb.Output.IsJson || (!isAlone && !_steps.ContainsKey(happened.Mailbox)))
        {
            Note(happened);
            return;
        }

        if (!isAlone)
        {
            verb.Output.Say($"{happened.EmailAddress}:");
            StepsOf(happened).ForEach(TellStep);
        }

        verb.Output.Say(Verdict(happened));
    }

    private List<StepContract> StepsOf(TestEventContract happened)
    {
        if (!_steps.TryGetValue(happened.Mailbox, out List<StepContract>? steps))
            _steps[happened.Mailbox] = steps = [];
        return steps;
    }

    private void Note(TestEventContract? happened)
    {
        if (happened?.FailedSteps is { Count: > 0 })
            _failed.Add(happened);
    }

    private void TellFailure(TestEventContract failure)
    {
        verb.Output.Say($"{failure.EmailAddress}: {Verdict(failure)}");
        foreach (StepContract step in failure.FailedSteps!)
            TellStep(step);
    }

    private void TellStep(StepContract step)
    {
        string outcome = step.Outcome switch { StepOutcome.Passed => "ok", StepOutcome.Failed => "FAILED", _ => "-" };
        string direction = step.Service switch { MailService.Pop3 => "incoming", MailService.Submission => "outgoing", _ => "" };
        verb.Output.Say(string.Create(CultureInfo.InvariantCulture, $"{outcome,-6} {direction,-8} {step.Name,-14} {step.Milliseconds,8:0.0} ms  {step.Detail}"));
        if (step.Advice is not null)
            verb.Output.Say($"       to do: {step.Advice}");
    }

    private static string Verdict(TestEventContract ended) =>
        $"incoming: {ContractJson.NameOf(ended.Incoming ?? EmailStatus.NotRun)}, outgoing: {ContractJson.NameOf(ended.Outgoing ?? EmailStatus.NotRun)}";
}
