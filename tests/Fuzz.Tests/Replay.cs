using CsCheck;

namespace EmailSync.Fuzz.Tests;

/// <summary>What the fuzzer began with and what it found, again and without instrumentation; and each target with octets of chance.</summary>
public sealed class Replay
{
    public static TheoryData<string> Targets => [.. FuzzTargets.All.Keys];

    [Theory, MemberData(nameof(Targets))]
    public void Every_seed_and_every_finding_of_the_past_holds(string target)
    {
        string[] files = [.. FilesOf("Corpus", target), .. FilesOf("Findings", target)];

        Assert.NotEmpty(files);
        Assert.All(files, file => FuzzTargets.All[target](File.ReadAllBytes(file)));
    }

    [Theory, MemberData(nameof(Targets))]
    public void A_seed_may_be_cut_anywhere_and_have_any_octet_changed(string target)
    {
        byte[][] seeds = [.. FilesOf("Corpus", target).Select(File.ReadAllBytes)];
        Gen.Select(Gen.Int[0, seeds.Length - 1], Gen.Int[0, 4096], Gen.Int[0, 4096], Gen.Byte).Sample((seed, cut, at, octet) =>
        {
            byte[] octets = seeds[seed][..Math.Min(cut, seeds[seed].Length)];
            if (octets.Length > 0)
                octets[at % octets.Length] = octet;
            FuzzTargets.All[target](octets);
        }, iter: 300);
    }

    [Theory, MemberData(nameof(Targets))]
    public void No_octets_at_all_are_no_finding(string target) => FuzzTargets.All[target]([]);

    [Fact]
    public void Every_folder_of_the_corpus_belongs_to_a_target() => Assert.Empty(
        Directory.GetDirectories(Path.Combine(AppContext.BaseDirectory, "Corpus")).Select(folder => Path.GetFileName(folder)!).Except(FuzzTargets.All.Keys));

    private static string[] FilesOf(string kind, string target) =>
        Path.Combine(AppContext.BaseDirectory, kind, target) is var folder && Directory.Exists(folder) ? Directory.GetFiles(folder) : [];
}
