using System.IO.Compression;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace EmailSync.Packages.Tests;

/// <summary>What is in the packages.</summary>
public sealed partial class Contents(PackedLibraries packages)
{
    public static TheoryData<string> Libraries => [.. PackedLibraries.Names];

    [Theory]
    [MemberData(nameof(Libraries))]
    public void A_library_its_documentation_and_its_readme(string name)
    {
        using ZipArchive package = packages.Open(name);

        Assert.Equal(
            [$"EmailSync.Protocols.{name}.nuspec", "README.md", $"lib/net10.0/EmailSync.Protocols.{name}.dll", $"lib/net10.0/EmailSync.Protocols.{name}.xml"],
            package.Entries.Select(entry => entry.FullName)
                .Where(path => path != "[Content_Types].xml" && !path.StartsWith("_rels/", StringComparison.Ordinal) && !path.StartsWith("package/", StringComparison.Ordinal))
                .Order(StringComparer.Ordinal));
        Assert.Equal(Repository.Read($"src/Protocols.{name}/README.md"), TextOf(package, "README.md"));
    }

    [Theory]
    [MemberData(nameof(Libraries))]
    public void A_description_a_licence_and_tags_and_no_repository(string name)
    {
        using ZipArchive package = packages.Open(name);
        XElement metadata = MetadataOf(package, name);

        Assert.Equal("MIT", Of(metadata, "license")!.Value);
        Assert.Equal("expression", Of(metadata, "license")!.Attribute("type")!.Value);
        Assert.Equal("README.md", Of(metadata, "readme")!.Value);
        Assert.InRange(Of(metadata, "description")!.Value.Length, 40, 200);
        Assert.NotEmpty(Of(metadata, "tags")!.Value);
        Assert.Null(Of(metadata, "projectUrl"));
        Assert.Null(Of(metadata, "repository")?.Attribute("url"));
    }

    [Theory]
    [MemberData(nameof(Libraries))]
    public void No_dependency_but_the_wire(string name)
    {
        using ZipArchive package = packages.Open(name);

        Assert.Equal(
            name == "Wire" ? [] : ["EmailSync.Protocols.Wire 0.1.0"],
            MetadataOf(package, name).Descendants().Where(element => element.Name.LocalName == "dependency")
                .Select(dependency => $"{dependency.Attribute("id")!.Value} {dependency.Attribute("version")!.Value}"));
    }

    /// <summary>The compiler asks for a comment at every public member, and is content with one that has no summary.</summary>
    [Theory]
    [MemberData(nameof(Libraries))]
    public void Every_public_member_has_a_summary(string name)
    {
        using ZipArchive package = packages.Open(name);
        string api = Repository.Read($"src/Protocols.{name}/PublicAPI.Unshipped.txt");
        XElement[] members = [.. XDocument.Parse(TextOf(package, $"lib/net10.0/EmailSync.Protocols.{name}.xml")).Descendants("member")
            .Where(member => api.Contains(PlainName(member), StringComparison.Ordinal))];

        Assert.True(members.Length > 100, $"{members.Length}");
        Assert.Empty(members.Where(member => member.Element("summary") is null && member.Element("inheritdoc") is null).Select(member => member.Attribute("name")!.Value));
    }

    [Theory]
    [MemberData(nameof(Libraries))]
    public void Symbols_that_belong_to_the_library_hold_its_source_and_name_no_folder_of_the_machine(string name)
    {
        using ZipArchive package = packages.Open(name);
        using ZipArchive symbols = packages.Open(name, "snupkg");
        using PEReader library = new(new MemoryStream(OctetsOf(package, $"lib/net10.0/EmailSync.Protocols.{name}.dll")));
        using MetadataReaderProvider provider =
            MetadataReaderProvider.FromPortablePdbStream(new MemoryStream(OctetsOf(symbols, $"lib/net10.0/EmailSync.Protocols.{name}.pdb")));
        MetadataReader pdb = provider.GetMetadataReader();

        DebugDirectoryEntry entry = library.ReadDebugDirectory().Single(entry => entry.Type == DebugDirectoryEntryType.CodeView);
        CodeViewDebugDirectoryData codeView = library.ReadCodeViewDebugDirectoryData(entry);
        Assert.Equal(new BlobContentId(pdb.DebugMetadataHeader!.Id).Guid, codeView.Guid);
        Assert.StartsWith("/_/", codeView.Path.Replace('\\', '/'), StringComparison.Ordinal);
        Assert.Contains(library.ReadDebugDirectory(), entry => entry.Type == DebugDirectoryEntryType.Reproducible);
        Assert.All(pdb.Documents, document => Assert.StartsWith("/_/", pdb.GetString(pdb.GetDocument(document).Name).Replace('\\', '/'), StringComparison.Ordinal));
        // 0E8A571B-6926-466E-B4AD-8AB04611F5FE: Embedded Source, in the specification of portable symbols.
        Assert.Equal(
            pdb.Documents.Count,
            pdb.CustomDebugInformation.Select(pdb.GetCustomDebugInformation)
                .Count(information => pdb.GetGuid(information.Kind) == new Guid("0E8A571B-6926-466E-B4AD-8AB04611F5FE")));
    }

    // M:EmailSync.Protocols.Wire.TextConnection.ReadLineAsync``1(…) is EmailSync.Protocols.Wire.TextConnection.ReadLineAsync in the list of the API.
    private static string PlainName(XElement member) => Decoration().Replace(member.Attribute("name")!.Value[2..].Replace(".#ctor", "", StringComparison.Ordinal), "");

    [GeneratedRegex(@"\(.*|``?\d+")]
    private static partial Regex Decoration();

    private static XElement MetadataOf(ZipArchive package, string name) =>
        XDocument.Parse(TextOf(package, $"EmailSync.Protocols.{name}.nuspec")).Root!.Elements().Single();

    private static XElement? Of(XElement metadata, string name) => metadata.Elements().SingleOrDefault(element => element.Name.LocalName == name);

    private static string TextOf(ZipArchive package, string path)
    {
        using StreamReader reader = new(package.GetEntry(path)!.Open());
        return reader.ReadToEnd();
    }

    private static byte[] OctetsOf(ZipArchive package, string path)
    {
        using Stream stream = package.GetEntry(path)!.Open();
        using MemoryStream octets = new();
        stream.CopyTo(octets);
        return octets.ToArray();
    }
}
