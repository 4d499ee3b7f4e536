using System.Globalization;
using System.Text.Json;
using EmailSync.Appliance.Cli;
using EmailSync.Appliance.Egress;
using EmailSync.Appliance.OneShot;
using EmailSync.Lab;

namespace EmailSync.Appliance.Tests.OneShot;

/// <summary>A lab, a folder, and the tools run in this process as at a shell.</summary>
internal sealed class ToolBench : IAsyncDisposable
{
    private readonly Dictionary<string, string> _variables = [];

    private ToolBench(LabServer server)
    {
        Server = server;
        Password = Mailbox.Password;
        File.WriteAllText(Folder["ca.pem"], server.Authority.RootPem);
    }

    public LabServer Server { get; }

    public TemporaryFolder Folder { get; } = new();

    public LabMailbox Mailbox => Server.Mailboxes[0];

    /// <summary>What the environment holds as the password; null for nothing.</summary>
    public string? Password
    {
        set
        {
            if (value is null)
                _variables.Remove(PasswordSource.VariableName);
            else
                _variables[PasswordSource.VariableName] = value;
        }
    }

    public bool GovMode { get; set; }

    public MemoryStream Input { get; } = new();

    public string Pop3s => $"pop3s://{Mailbox.Address}@localhost:{Server.PortOf(LabService.Pop3s)}";

    public string Smtps => $"smtps://{Mailbox.Address}@localhost:{Server.PortOf(LabService.Smtps)}";

    public static async Task<ToolBench> StartAsync(LabOptions? options = null) =>
        new(await LabServer.StartAsync(options ?? new(), TestContext.Current.CancellationToken));

    /// <summary>Runs a command line.</summary>
    public async Task<ToolRun> RunAsync(params string[] args)
    {
        ToolEnvironment environment = new()
        {
            Dialer = new Dialer(TimeProvider.System),
            Policy = EgressPolicy.ForTools(GovMode),
            Passwords = new(_variables.GetValueOrDefault, Ask: null),
            Input = () => Input,
        };
        using StringWriter output = new(CultureInfo.InvariantCulture);
        using StringWriter error = new(CultureInfo.InvariantCulture);
        int exitCode = await CommandTree.RunAsync(
            CommandTree.Build(Tools.Commands(environment)), args, output, error, TestContext.Current.CancellationToken);
        return new(exitCode, output.ToString(), error.ToString());
    }

    public ValueTask DisposeAsync()
    {
        Folder.Dispose();
        return Server.DisposeAsync();
    }
}

/// <summary>What a run came to.</summary>
internal sealed record ToolRun(int ExitCode, string Output, string Error)
{
    public JsonElement Json => JsonDocument.Parse(Output).RootElement;
}
