namespace EmailSync.Appliance.Tests.Documents;

/// <summary>A document of the repository that is made from the code, and kept beside it so that a change of it is seen.</summary>
internal static class GoldenFile
{
    /// <summary>Fails where the document is not what the code makes now; with EMAILSYNC_WRITE_DOCS=1 writes it instead.</summary>
    public static async Task CompareAsync(string path, string made)
    {
        string file = Path.Combine(Repository.Root, path);
        if (Environment.GetEnvironmentVariable("EMAILSYNC_WRITE_DOCS") == "1")
            await File.WriteAllTextAsync(file, made, TestContext.Current.CancellationToken);
        string kept = File.Exists(file) ? await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken) : "";
        Assert.True(kept.ReplaceLineEndings("\n") == made, $"{path} is not what the code makes now. Where the change is meant, run this test with EMAILSYNC_WRITE_DOCS=1.");
    }
}
