using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using EmailSync.Appliance.Tests.OneShot;

namespace EmailSync.Appliance.Tests;

/// <summary>The program itself, where it cannot do what it is asked: a sentence and an exit code, never a trace of our insides.</summary>
public sealed class ProgramTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("{ bad", "appsettings.json")]
    [InlineData("""{"EmailSync":{"GovMode":"yes"}}""", "EmailSync:GovMode is 'yes'; give true or false.")]
    public async Task A_configuration_that_cannot_be_read_is_told_by_every_verb(string appsettings, string told)
    {
        using TemporaryFolder folder = new();
        await File.WriteAllTextAsync(folder["appsettings.json"], appsettings, Cancel);

        foreach (string[] verb in (string[][])[["status"], ["run"]])
        {
            (int exitCode, string shown) = await RunAsync(folder, verb);
            Assert.Equal((2, true), (exitCode, shown.StartsWith("The configuration is wrong: ", StringComparison.Ordinal)));
            Assert.Contains(told, shown, StringComparison.Ordinal);
            Assert.DoesNotContain("   at ", shown, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_setting_on_the_command_line_is_usage_as_one_in_the_environment_is()
    {
        using TemporaryFolder folder = new();

        Assert.Equal((2, "The configuration is wrong: EmailSync:HttpPort is 'abc'; give a whole number.\n"), await RunAsync(folder, "run", "--EmailSync:HttpPort=abc"));
    }

    [Fact]
    public async Task A_port_that_is_taken_is_told_with_what_to_do()
    {
        using TemporaryFolder folder = new();
        using TcpListener taken = new(IPAddress.Loopback, 0);
        taken.Start();

        (int exitCode, string shown) = await RunAsync(folder, "run", $"--EmailSync:HttpPort={((IPEndPoint)taken.LocalEndpoint).Port}");

        Assert.Equal(1, exitCode);
        Assert.Contains("address already in use. Give another port with EmailSync:HttpPort, or stop what listens there.", shown, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_whose_path_is_too_long_for_a_socket_is_told_with_what_to_do()
    {
        using TemporaryFolder folder = new();
        string deep = Path.Combine(folder["x"], new string('d', 110));

        (int running, string told) = await RunAsync(folder, "run", $"--EmailSync:DataFolder={deep}");
        (int asking, string answer) = await RunAsync(folder, "status", "--socket", Path.Combine(deep, "control.sock"));

        Assert.Equal((2, 1), (running, asking));
        Assert.Contains("EmailSync:ControlSocket", told, StringComparison.Ordinal);
        Assert.StartsWith("error (no-appliance): ", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", told + answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_data_folder_that_is_a_file_is_told()
    {
        using TemporaryFolder folder = new();
        await File.WriteAllTextAsync(folder["file"], "", Cancel);

        (int exitCode, string shown) = await RunAsync(folder, "run", $"--EmailSync:DataFolder={folder["file"]}");

        Assert.Equal((1, true), (exitCode, shown.StartsWith("The appliance cannot run: The data folder ", StringComparison.Ordinal)));
    }

    /// <summary>Runs it with the folder as its working folder. Returns its exit code, and what it said on standard error.</summary>
    private static async Task<(int ExitCode, string Error)> RunAsync(TemporaryFolder folder, params string[] args)
    {
        ProcessStartInfo start = new("dotnet", [Path.Combine(AppContext.BaseDirectory, "emailsync.dll"), .. args])
        {
            WorkingDirectory = folder["."], RedirectStandardOutput = true, RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(Cancel);
        string error = await process.StandardError.ReadToEndAsync(Cancel);
        await output;
        await process.WaitForExitAsync(Cancel);
        return (process.ExitCode, error);
    }
}
