namespace EmailSync.Packages.Tests;

/// <summary>The samples, built outside the source tree by somebody who has the packages and nothing else of ours.</summary>
public sealed class Consumers(PackedLibraries packages) : IAsyncLifetime
{
    private static readonly (string Sample, string Library)[] Samples =
        [("Samples.Fetch", "Pop3"), ("Samples.Sync", "Pop3"), ("Samples.Submit", "Smtp"), ("Samples.Greeting", "Wire")];

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("emailsync-consumer-");

    public string PathOf(string sample) => Path.Combine(_folder.FullName, "built", $"{sample}.dll");

    public async ValueTask InitializeAsync()
    {
        await WriteAsync("nuget.config", $"""
            <configuration>
              <packageSources><clear /><add key="packed" value="{packages.Folder}" /></packageSources>
            </configuration>
            """);
        await WriteAsync("Samples.slnx", $"<Solution>{string.Concat(Samples.Select(one => $"""<Project Path="{one.Sample}/{one.Sample}.csproj" />"""))}</Solution>");
        foreach ((string sample, string library) in Samples)
        {
            Directory.CreateDirectory(Path.Combine(_folder.FullName, sample));
            await WriteAsync($"{sample}/Program.cs", Repository.Read($"samples/{sample}/Program.cs"));
            await WriteAsync($"{sample}/{sample}.csproj", $"""
                <Project Sdk="Microsoft.NET.Sdk">
                  <PropertyGroup>
                    <OutputType>Exe</OutputType>
                    <TargetFramework>net10.0</TargetFramework>
                    <Nullable>enable</Nullable>
                    <ImplicitUsings>enable</ImplicitUsings>
                    <UseAppHost>false</UseAppHost>
                    <RestorePackagesPath>../packages</RestorePackagesPath>
                    <OutputPath>../built</OutputPath>
                    <AppendTargetFrameworkToOutputPath>false</AppendTargetFrameworkToOutputPath>
                  </PropertyGroup>
                  <ItemGroup>
                    <PackageReference Include="EmailSync.Protocols.{library}" Version="{PackedLibraries.Version}" />
                  </ItemGroup>
                </Project>
                """);
        }
        (int exitCode, string printed) = await Sdk.DotnetAsync(_folder.FullName, "build", "Samples.slnx", "--nologo", "-warnaserror");
        Assert.True(exitCode == 0, printed);
    }

    public ValueTask DisposeAsync()
    {
        _folder.Delete(recursive: true);
        return default;
    }

    private Task WriteAsync(string path, string text) => File.WriteAllTextAsync(Path.Combine(_folder.FullName, path), text);
}
