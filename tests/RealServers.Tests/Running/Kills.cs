using System.Globalization;

namespace EmailSync.RealServers.Tests.Running;

/// <summary>How often a process is killed: so often that each moment has its turn, or a thousand times in a night.</summary>
internal static class Kills
{
    private const string Variable = "EMAILSYNC_TEST_KILLS";

    /// <summary>Kills for each fresh data folder: a folder that has seen a thousand would be slow to look into.</summary>
    private const int PerFolder = 30;

    /// <summary>The numbers of kills, one for each fresh data folder.</summary>
    public static IEnumerable<int> InFolders()
    {
        int left = int.TryParse(Environment.GetEnvironmentVariable(Variable), CultureInfo.InvariantCulture, out int given) ? given : PerFolder;
        for (; left > 0; left -= PerFolder)
            yield return Math.Min(left, PerFolder);
    }

    /// <summary>Moments by chance, each as often as the others.</summary>
    public static IEnumerable<Moment> Choose(IReadOnlyList<Moment> moments, int count, Random random) =>
        Enumerable.Range(0, count).Select(index => moments[index % moments.Count]).OrderBy(_ => random.Next());
}
