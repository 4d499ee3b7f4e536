using Spectre.Console;

namespace EmailSync.Appliance.OneShot;

/// <summary>A progress bar on a terminal.</summary>
internal sealed class FetchProgress(ProgressTask task) : IFetchWatcher
{
    /// <summary>Shows a run's progress, where somebody looks.</summary>
    public static Task<int> ShowAsync(IAnsiConsole? terminal, Func<IFetchWatcher?, Task<int>> run) => terminal is null
        ? run(null)
        : terminal.Progress()
            .AutoClear(true)
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn(), new SpinnerColumn())
            .StartAsync(context => run(new FetchProgress(context.AddTask("fetching", autoStart: false))));

    public void Started(int messages)
    {
        task.MaxValue = Math.Max(1, messages);
        task.StartTask();
    }

    public void Fetched(long octets) => task.Increment(1);
}
