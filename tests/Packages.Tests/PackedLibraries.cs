using System.IO.Compression;
using EmailSync.Packages.Tests;

[assembly: AssemblyFixture(typeof(PackedLibraries))]

namespace EmailSync.Packages.Tests;

/// <summary>The three packages, made from what was built together with this test.</summary>
public sealed class PackedLibraries : IAsyncLifetime
{
    public const string Version = "0.1.0";

    public static readonly string[] Names = ["Wire", "Pop3", "Smtp"];

    // What this runs as is what is to be packed: artifacts/bin/Packages.Tests/release.
    private static readonly string Configuration = new DirectoryInfo(AppContext.BaseDirectory).Name;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("emailsync-packages-");

    public string Folder => _folder.FullName;

    public async ValueTask InitializeAsync()
    {
        foreach (string name in Names)
        {
            (int exitCode, string printed) = await Sdk.DotnetAsync(
                Repository.Root, "pack", $"src/Protocols.{name}", "--no-build", "--configuration", Configuration, "--output", Folder, "-warnaserror");
            Assert.True(exitCode == 0, printed);
            Assert.DoesNotContain("warning", printed, StringComparison.OrdinalIgnoreCase);
        }
    }

    /// <summary>Opens a package, or its symbols.</summary>
    public ZipArchive Open(string name, string extension = "nupkg") =>
        ZipFile.OpenRead(Path.Combine(Folder, $"EmailSync.Protocols.{name}.{Version}.{extension}"));

    public ValueTask DisposeAsync()
    {
        _folder.Delete(recursive: true);
        return default;
    }
}
