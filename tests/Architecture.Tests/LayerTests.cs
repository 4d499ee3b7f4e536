using System.Text.RegularExpressions;

namespace EmailSync.Architecture.Tests;

/// <summary>
/// The walls of the house. A folder is a namespace (IDE0130 is an error), so what a file takes from another room stands in its using lines.
/// </summary>
public sealed partial class LayerTests
{
    private const string Everything = "*";

    /// <summary>Each folder, from the ground up, and the folders it may take from.</summary>
    private static readonly (string Folder, string[] MayTakeFrom)[] Floors =
    [
        ("Protocols.Wire", []),
        ("Protocols.Wire.Sasl", ["Protocols.Wire"]),
        ("Protocols.Wire.Tls", ["Protocols.Wire"]),
        ("Protocols.Pop3", ["Protocols.Wire", "Protocols.Wire.Sasl"]),
        ("Protocols.Smtp", ["Protocols.Wire", "Protocols.Wire.Sasl"]),
        ("Lab", []),
        ("Appliance.Model", []),
        ("Appliance.Egress.Revocation", []),
        ("Appliance.Egress", ["Protocols.Wire", "Protocols.Wire.Tls", "Appliance.Model", "Appliance.Egress.Revocation"]),
        ("Appliance.Store", ["Protocols.Wire", "Appliance.Model"]),                  // Secret
        ("Appliance.Store.Sqlite", ["Protocols.Wire", "Appliance.Model", "Appliance.Store"]),
        ("Appliance.Processing", ["Protocols.Wire", "Protocols.Wire.Sasl", "Protocols.Wire.Tls", "Protocols.Pop3", "Protocols.Smtp",
                                  "Appliance.Model", "Appliance.Egress", "Appliance.Store"]),
        ("Appliance.Scheduling", ["Appliance.Model", "Appliance.Store", "Appliance.Processing"]),
        ("Appliance.OneShot", ["Protocols.Wire", "Protocols.Wire.Sasl", "Protocols.Pop3", "Protocols.Smtp",
                               "Appliance.Model", "Appliance.Egress", "Appliance.Processing"]),
        ("Appliance.Api.Contracts", ["Appliance.Model"]),
        ("Appliance.Api", ["Protocols.Wire", "Appliance.Model", "Appliance.Egress", "Appliance.Store", "Appliance.Processing",
                           "Appliance.Scheduling", "Appliance.Api.Contracts"]),
        ("Appliance.Cli.Import", ["Appliance.Model", "Appliance.Api.Contracts", "Appliance.Cli"]),
        ("Appliance.Cli", ["Appliance.Model", "Appliance.Api.Contracts", "Appliance.Cli.Import"]),
        ("Appliance.Upkeep", ["Protocols.Wire", "Appliance.Model", "Appliance.Egress", "Appliance.Store", "Appliance.Store.Sqlite",
                              "Appliance.Api.Contracts", "Appliance.Cli"]),
        ("Appliance.Demo", ["Lab", "Appliance.Model", "Appliance.Store", "Appliance.Store.Sqlite", "Appliance.Api.Contracts", "Appliance.Cli"]),
        ("Appliance", [Everything]),                                                 // Program composes; it decides nothing
    ];

    /// <summary>Technologies and words that live in one room, and why.</summary>
    private static readonly (string Word, string[] Rooms, string Why)[] Rooms =
    [
        ("using System.Net.Sockets;", ["src/Appliance/Egress/Dialer.cs", "src/Appliance/Cli/ControlClient.cs", "src/Lab/"], "the lockdown rests on one door"),
        ("using System.Net.Security;", ["src/Protocols.Wire/Tls/", "src/Lab/", "src/Protocols.Wire/Sasl/Negotiate.cs"], "one place decides how TLS is spoken"),
        ("using System.IO.Pipelines;", ["src/Protocols.Wire/", "src/Lab/"], "everything above reads lines, not buffers"),
        ("using Microsoft.Data.Sqlite;", ["src/Appliance/Store/Sqlite/"], "the house asks the store, not the database"),
        ("using Microsoft.AspNetCore", ["src/Appliance/Api/", "src/Appliance/RunCommand.cs", "src/Appliance/Demo/RunningAppliance.cs", "src/Appliance/Store/Sqlite/SecretTable.cs", "src/Appliance/Store/Sqlite/Key"],
            "HTTP is a face, not a floor"),
        ("using Microsoft.AspNetCore.DataProtection;", ["src/Appliance/Store/Sqlite/SecretTable.cs", "src/Appliance/Store/Sqlite/Key"], "one place encrypts passwords"),
        ("IDialer", ["src/Appliance/Egress/", "src/Appliance/Processing/", "src/Appliance/OneShot/", "src/Appliance/ApplianceHost.cs"],
            "only processing goes out"),
        ("EgressPolicy.Government", ["src/Appliance/ApplianceOptions.cs"], "nobody else asks which cloud this is"),
        ("using MimeKit", ["src/Appliance/Api/EmailComposer.cs", "src/Appliance/Api/EmailAttachments.cs", "src/Appliance/Processing/ReceivedDate.cs", "src/Appliance/Processing/DeliveryReport.cs", "src/Appliance/Processing/DroppedMessage.cs"], "MIME is never on the path from socket to store"),
        ("ServerCertificateCustomValidation", [], "no certificate is waved through"),
    ];

    [Fact]
    public void Every_folder_takes_only_from_the_folders_below_it()
    {
        Dictionary<string, string[]> floors = Floors.ToDictionary(floor => floor.Folder, floor => floor.MayTakeFrom);
        List<string> breaches = [];
        foreach (string file in Repository.SourceFiles())
        {
            string room = RoomOf(file);
            if (!floors.TryGetValue(room, out string[]? allowed))
            {
                breaches.Add($"{file}: {room} has no floor in this table");
                continue;
            }

            if (allowed is [Everything])
                continue;
            breaches.AddRange(Repository.Lines(file)
                .Select(line => Using().Match(line))
                .Where(match => match.Success && match.Groups["room"].Value != room && !allowed.Contains(match.Groups["room"].Value))
                .Select(match => $"{file}: {room} may not take from {match.Groups["room"].Value}"));
        }

        Assert.Empty(breaches);
    }

    [Fact]
    public void Every_folder_in_the_table_exists()
    {
        HashSet<string> rooms = [.. Repository.SourceFiles().Select(RoomOf)];
        Assert.Empty(Floors.Select(floor => floor.Folder).Where(folder => !rooms.Contains(folder)));
    }

    [Fact]
    public void Words_stay_in_their_rooms()
    {
        List<string> breaches = [];
        foreach (string file in Repository.SourceFiles())
        {
            string[] lines = Repository.Lines(file);
            foreach ((string word, string[] rooms, string why) in Rooms)
            {
                if (!Array.Exists(rooms, room => file.StartsWith(room, StringComparison.Ordinal))
                    && Array.Exists(lines, line => line.Contains(word, StringComparison.Ordinal)))
                    breaches.Add($"{file}: '{word}' does not belong here, because {why}");
            }
        }

        Assert.Empty(breaches);
    }

    [Fact]
    public void Every_room_that_a_word_is_kept_in_exists()
    {
        string[] files = [.. Repository.SourceFiles()];
        Assert.Empty(Rooms.SelectMany(rule => rule.Rooms)
            .Where(room => !Array.Exists(files, file => file.StartsWith(room, StringComparison.Ordinal))));
    }

    [Fact]
    public void Protocol_libraries_depend_on_nothing_but_the_base_library() =>
        Assert.Empty(new[] { "Protocols.Wire", "Protocols.Pop3", "Protocols.Smtp" }
            .SelectMany(name => Repository.Lines($"src/{name}/{name}.csproj"))
            .Where(line => line.Contains("PackageReference", StringComparison.Ordinal) && !line.Contains("PrivateAssets=\"all\"", StringComparison.Ordinal)));

    [Fact]
    public void A_file_is_one_idea_and_no_longer_than_400_lines() =>
        Assert.Empty(Repository.SourceFiles().Concat(Repository.SourceFiles("tests")).Concat(Repository.SourceFiles("benchmarks"))
            .Select(file => (file, Repository.Lines(file).Length))
            .Where(file => file.Length > 400));

    // src/Appliance/Store/Sqlite/Database.cs stands in Appliance.Store.Sqlite.
    private static string RoomOf(string file) =>
        string.Join('.', file.Split('/')[1..^1]);

    [GeneratedRegex(@"^(global )?using (static )?EmailSync\.(?<room>[A-Za-z0-9.]+?);")]
    private static partial Regex Using();
}
