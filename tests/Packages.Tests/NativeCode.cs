using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using EmailSync.Lab;
using EmailSync.Protocols.Pop3;
using EmailSync.Protocols.Smtp;
using EmailSync.Protocols.Wire;

namespace EmailSync.Packages.Tests;

/// <summary>The libraries say that they can be trimmed and compiled ahead of time, and can.</summary>
public sealed partial class NativeCode : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("emailsync-aot-");

    public static TheoryData<Type> Libraries => [typeof(TextConnection), typeof(Pop3Session), typeof(SmtpSession)];

    [Theory]
    [MemberData(nameof(Libraries))]
    public void A_library_says_so(Type oneOfIts)
    {
        AssemblyMetadataAttribute[] said = [.. oneOfIts.Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()];

        Assert.Contains(said, data => data is { Key: "IsTrimmable", Value: "True" });
        Assert.Contains(said, data => data is { Key: "IsAotCompatible", Value: "True" });
    }

    /// <summary>All of the libraries goes through the compiler without a warning, and what comes out receives and sends.</summary>
    [Fact]
    public async Task A_program_of_native_code_receives_and_sends()
    {
        (int exitCode, string printed) = await Sdk.DotnetAsync(
            Repository.Root, "publish", "tests/Aot", "--nologo", "-warnaserror", "--configuration", "Release", "--runtime", RuntimeInformation.RuntimeIdentifier,
            "-p:PublishAot=true", "--artifacts-path", Path.Combine(_folder.FullName, "artifacts"), "--output", Path.Combine(_folder.FullName, "program"));
        Match missing = WhatIsMissing().Match(printed);
        Assert.SkipWhen(exitCode != 0 && missing.Success, $"Nothing can be compiled to native code here: {missing.Value}");
        Assert.True(exitCode == 0, printed);
        Assert.DoesNotContain("warning", printed, StringComparison.OrdinalIgnoreCase);

        await using LabServer lab = await LabServer.StartAsync(new() { MessagesPerMailbox = 5 }, TestContext.Current.CancellationToken);
        LabMailbox mailbox = lab.Mailboxes[0];
        string root = Path.Combine(_folder.FullName, "root.pem");
        await File.WriteAllTextAsync(root, lab.Authority.RootPem, TestContext.Current.CancellationToken);
        (exitCode, printed) = await Sdk.RunAsync(
            Path.Combine(_folder.FullName, "program", OperatingSystem.IsWindows() ? "EmailSync.Aot.exe" : "EmailSync.Aot"), _folder.FullName,
            new() { ["MAIL_PASSWORD"] = mailbox.Password },
            root, $"{lab.PortOf(LabService.Pop3)}", $"{lab.PortOf(LabService.Smtps)}", mailbox.Address, "jane@example.org");

        Assert.True(exitCode == 0, printed);
        Assert.EndsWith("native", printed.TrimEnd(), StringComparison.Ordinal);
        Assert.Equal(0, mailbox.MessageCount);
        Assert.Equal(5, lab.Outbox.Count);
        Assert.All(lab.Outbox, message => Assert.True(message is { IsEncrypted: true, AuthenticatedAs: { } user } && user == mailbox.Address));
    }

    public void Dispose() => _folder.Delete(recursive: true);

    // No linker on the path, no compiler in the registry, or no registry at all.
    [GeneratedRegex("((linker|stripping tools?)\\b.* not found|(NU1101|NU1102|NU1301|NETSDK1094|NETSDK1204)).*", RegexOptions.IgnoreCase)]
    private static partial Regex WhatIsMissing();
}
