using System.Globalization;

namespace EmailSync.RealServers.Tests.Running;

/// <summary>Where a test's chance comes from: another each time, and known, so that it can be had again.</summary>
internal static class Seed
{
    private const string Variable = "EMAILSYNC_TEST_SEED";

    /// <summary>A seed, written to the test's output, which a failed test shows.</summary>
    public static int Choose()
    {
        int seed = int.TryParse(Environment.GetEnvironmentVariable(Variable), CultureInfo.InvariantCulture, out int given) ? given : Random.Shared.Next();
        TestContext.Current.TestOutputHelper!.WriteLine($"Seed {seed}; {Variable}={seed} has the same chances again.");
        return seed;
    }
}
