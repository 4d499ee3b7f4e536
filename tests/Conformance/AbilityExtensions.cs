namespace EmailSync.Conformance;

internal static class AbilityExtensions
{
    /// <summary>Skips the test, with the host's reason, where one of the abilities is lacking.</summary>
    public static void Require(this IReadOnlyDictionary<Ability, string> lacks, params ReadOnlySpan<Ability> needed)
    {
        foreach (Ability ability in needed)
            Assert.SkipWhen(lacks.ContainsKey(ability), $"{ability}: {lacks.GetValueOrDefault(ability)}");
    }

    /// <summary>An offer is there exactly where the host does not lack it, so that no skip hides what could be tested.</summary>
    public static void AssertOffered(this IReadOnlyDictionary<Ability, string> lacks, Ability ability, bool isOffered) =>
        Assert.True(isOffered != lacks.ContainsKey(ability), $"{ability} is {(isOffered ? "offered" : "not offered")}, and the host says otherwise");
}
