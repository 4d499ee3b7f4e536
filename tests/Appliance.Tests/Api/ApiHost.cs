using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using EmailSync.Appliance.Store;
using EmailSync.Appliance.Store.Sqlite;
using EmailSync.Lab;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace EmailSync.Appliance.Tests.Api;

/// <summary>The whole appliance in this process, beside a lab, with its API on a control socket and on loopback.</summary>
internal sealed class ApiHost : IAsyncDisposable
{
    private readonly string _folder;
    private readonly WebApplication _application;

    // Whoever asks whether content is wanted waits for the answer, and does not send it after a second because the machine is busy.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private ApiHost(string folder, LabServer lab, IStore store, WebApplication application, ApplianceOptions options)
    {
        (_folder, Lab, Store, _application) = (folder, lab, store, application);
        Socket = new(new SocketsHttpHandler
        {
            Expect100ContinueTimeout = Patience,
            ConnectCallback = async (_, cancellationToken) =>
            {
                Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(options.ControlSocketPath), cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            },
        }) { BaseAddress = new("http://localhost/api/v1/") };
        string address = application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses
            .Single(candidate => candidate.StartsWith("http://127.0.0.1", StringComparison.Ordinal));
        Tcp = new() { BaseAddress = new(address + "/api/v1/") };
    }

    public LabServer Lab { get; }

    public IStore Store { get; }

    /// <summary>Over the control socket.</summary>
    public HttpClient Socket { get; }

    /// <summary>Over loopback, without a token.</summary>
    public HttpClient Tcp { get; }

    /// <summary>An administrator's, for loopback.</summary>
    public string Token { get; private set; } = "";

    public string Folder => _folder;

    public static CancellationToken Timeout => TestContext.Current.CancellationToken;

    public static async Task<ApiHost> StartAsync(
        Func<ApplianceOptions, ApplianceOptions>? change = null, LabOptions? labOptions = null, Func<IStore, IStore>? wrap = null)
    {
        LabServer lab = await LabServer.StartAsync(labOptions ?? new() { Mailboxes = 2, MessagesPerMailbox = 3 }, Timeout);
        string folder = Directory.CreateTempSubdirectory("emailsync-api-").FullName;
        ApplianceOptions options = new()
        {
            DataFolder = folder,
            HttpPort = 0,
            AdditionalPorts = [.. Enum.GetValues<LabService>().Select(lab.PortOf)],
            AllowLoopbackAndPrivateServers = true,
        };
        options = change?.Invoke(options) ?? options;
        IStore store = await SqliteStore.OpenAsync(new() { DataFolder = folder }, TimeProvider.System, cancellationToken: Timeout);
        store = wrap?.Invoke(store) ?? store;
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        WebApplication application = RunCommand.Build(builder, options, store);
        await ApplianceHost.RecoverAsync(application.Services, Timeout);
        await application.StartAsync(Timeout);
        ApiHost host = new(folder, lab, store, application, options);
        host.Token = await host.TokenAsync("admin");
        return host;
    }

    /// <summary>A new token of a role, named after it.</summary>
    public async Task<string> TokenAsync(string role) =>
        (await PostAsync("tokens", new JsonObject { ["name"] = role, ["role"] = role })).String("token");

    /// <summary>A profile for the lab, as an administrator would write it.</summary>
    public JsonObject ProfileInput(string name = "lab") => new()
    {
        ["name"] = name,
        ["incomingServerLocation"] = "localhost",
        ["incomingPort"] = Lab.PortOf(LabService.Pop3s),
        ["outgoingServerLocation"] = "localhost",
        ["outgoingPort"] = Lab.PortOf(LabService.Smtps),
        ["trustedCertificates"] = Lab.Authority.RootPem,
    };

    /// <summary>A mailbox of the lab, as an administrator would write it.</summary>
    public JsonObject MailboxInput(int number = 1, string profile = "lab") => new()
    {
        ["emailAddress"] = Lab.Mailboxes[number - 1].Address,
        ["profile"] = profile,
        ["password"] = Lab.Mailboxes[number - 1].Password,
    };

    public Task<Answer> PostAsync(string path, JsonNode? body = null, HttpClient? client = null) => SendAsync(HttpMethod.Post, path, body, client: client);

    public Task<Answer> PatchAsync(string path, JsonNode body, string? ifMatch = "*") => SendAsync(HttpMethod.Patch, path, body, ifMatch);

    public Task<Answer> GetAsync(string path, HttpClient? client = null) => SendAsync(HttpMethod.Get, path, client: client);

    public Task<Answer> DeleteAsync(string path) => SendAsync(HttpMethod.Delete, path);

    public async Task<Answer> SendAsync(HttpMethod method, string path, JsonNode? body = null, string? ifMatch = null, HttpClient? client = null, string? token = null)
    {
        using HttpRequestMessage request = new(method, path);
        if (body is not null)
            request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        if (ifMatch is not null)
            request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
        if (token is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using HttpResponseMessage response = await (client ?? Socket).SendAsync(request, Timeout);
        string text = await response.Content.ReadAsStringAsync(Timeout);
        bool isJson = response.Content.Headers.ContentType?.MediaType?.Contains("json", StringComparison.Ordinal) == true;
        return new((int)response.StatusCode, text, isJson ? JsonNode.Parse(text)!.AsObject() : [], response.Headers.ETag?.Tag, response.Headers.Location?.ToString());
    }

    /// <summary>The events of a run of tests, as they come.</summary>
    public async IAsyncEnumerable<SseItem<JsonNode>> WatchAsync(string test, string? seen = null)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, $"tests/{test}/events");
        if (seen is not null)
            request.Headers.Add("Last-Event-ID", seen);
        using HttpResponseMessage response = await Socket.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Timeout);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType!.MediaType);
        await using Stream stream = await response.Content.ReadAsStreamAsync(Timeout);
        await foreach (SseItem<JsonNode> item in SseParser.Create(stream, (_, data) => JsonNode.Parse(data)!).EnumerateAsync(Timeout))
            yield return item;
    }

    public async ValueTask DisposeAsync()
    {
        Socket.Dispose();
        Tcp.Dispose();
        await _application.StopAsync(CancellationToken.None);
        await _application.DisposeAsync();
        await Store.DisposeAsync();
        await Lab.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}

/// <summary>An answer of the API.</summary>
internal sealed record Answer(int Status, string Text, JsonObject Json, string? ETag, string? Location)
{
    public string String(string name) => (string?)Json[name] ?? throw new InvalidOperationException($"There is no {name} in {Text}");

    public IEnumerable<string> FaultyFields => Json["errors"]!.AsArray().Select(fault => (string)fault!["field"]!);
}
