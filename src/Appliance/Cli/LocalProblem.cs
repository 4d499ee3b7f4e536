namespace EmailSync.Appliance.Cli;

/// <summary>What can go wrong on the command line's own side. docs/errors.md is made from this list.</summary>
/// <param name="Code">Stable and published.</param>
/// <param name="Title">What happened, in a sentence.</param>
/// <param name="Remedy">What to do.</param>
internal sealed record LocalProblem(string Code, string Title, string Remedy)
{
    /// <summary>Nobody listens on the control socket.</summary>
    public static readonly LocalProblem NoAppliance = new("no-appliance", "No appliance answers on the control socket.",
        "Start one with 'emailsync run', or name its control socket with --socket.");

    /// <summary>A file, or the connection.</summary>
    public static readonly LocalProblem InputOutput = new("input-output", "A file or the connection failed.",
        "Check the path, or whether the appliance still runs.");

    /// <summary>What a file says.</summary>
    public static readonly LocalProblem Content = new("file-content", "What a file says cannot be taken.",
        "Mend the file or the options as the text says.");

    /// <summary>Ctrl+C.</summary>
    public static readonly LocalProblem Interrupted = new("interrupted", "It was interrupted.",
        "What the appliance was told is done all the same.");

    /// <summary>A run of tests was called off, or the appliance stopped.</summary>
    public static readonly LocalProblem TestNotEnded = new("test-not-ended", "The run of tests did not come to its end.",
        "Ask for it again; what was tested stays written down.");

    /// <summary>All of them.</summary>
    public static IReadOnlyList<LocalProblem> All { get; } = [NoAppliance, InputOutput, Content, Interrupted, TestNotEnded];
}
