// The one socket outside the egress room: a Unix domain socket to the appliance on this machine, so nothing leaves.
#pragma warning disable RS0030

using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using EmailSync.Appliance.Api.Contracts;

namespace EmailSync.Appliance.Cli;

/// <summary>An answer of the appliance.</summary>
/// <param name="Value">What it says.</param>
/// <param name="ETag">Its version, for a change; null where it has none.</param>
public sealed record Answer<T>(T Value, string? ETag);

/// <summary>Speaks to the appliance on this machine: HTTP over its control socket.</summary>
/// <remarks>
/// Every call throws <see cref="ApplianceProblemException"/> where the appliance refuses, and <see cref="NoApplianceException"/> where none answers.
/// Paths are relative to the API, such as <c>mailboxes/mbx_1</c>; what stands in them is escaped by the caller.
/// </remarks>
public sealed class ControlClient : IDisposable
{
    private readonly string _socketPath;
    private readonly HttpClient _http;

    /// <summary>A client of the appliance whose control socket this is.</summary>
    public ControlClient(string socketPath)
    {
        _socketPath = socketPath;
        SocketsHttpHandler handler = new() { ConnectCallback = (_, cancellationToken) => ConnectAsync(cancellationToken), UseProxy = false, AllowAutoRedirect = false };
        // The host says nothing: the socket is the way. A test of a mailbox takes as long as it takes; the caller's token gives up.
        _http = new(handler) { BaseAddress = new("http://localhost/api/v1/"), Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>Reads.</summary>
    public Task<Answer<T>> GetAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellationToken) =>
        AskAsync(new(HttpMethod.Get, path), type, cancellationToken);

    /// <summary>Acts, without saying more.</summary>
    public Task<Answer<T>> PostAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellationToken) =>
        AskAsync(new(HttpMethod.Post, path), type, cancellationToken);

    /// <summary>Acts, where there is nothing to answer.</summary>
    public async Task PostAsync(string path, CancellationToken cancellationToken)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, path);
        (await SendAsync(request, cancellationToken)).Dispose();
    }

    /// <summary>Creates.</summary>
    public Task<Answer<T>> PostAsync<TInput, T>(
        string path, TInput input, JsonTypeInfo<TInput> inputType, JsonTypeInfo<T> type, CancellationToken cancellationToken) =>
        AskAsync(new(HttpMethod.Post, path) { Content = JsonContent.Create(input, inputType) }, type, cancellationToken);

    /// <summary>Creates from raw content.</summary>
    /// <param name="path">Where.</param>
    /// <param name="content">Read to its end.</param>
    /// <param name="mediaType">What it is.</param>
    /// <param name="idempotencyKey">The same key with the same content is the same thing; null for none.</param>
    /// <param name="type">How the answer is read.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<Answer<T>> PostAsync<T>(
        string path, Stream content, string mediaType, string? idempotencyKey, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        HttpRequestMessage request = new(HttpMethod.Post, path) { Content = new StreamContent(content) };
        request.Content.Headers.ContentType = new(mediaType);
        if (idempotencyKey is not null)
            request.Headers.Add("Idempotency-Key", idempotencyKey);
        return AskAsync(request, type, cancellationToken);
    }

    /// <summary>Changes what the patch names (RFC 7396).</summary>
    /// <param name="path">What.</param>
    /// <param name="patch">The changes.</param>
    /// <param name="patchType">How they are written.</param>
    /// <param name="ifMatch">The ETag that was read, or <c>*</c> for whichever version there is.</param>
    /// <param name="type">How the answer is read.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<Answer<T>> PatchAsync<TInput, T>(
        string path, TInput patch, JsonTypeInfo<TInput> patchType, string ifMatch, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        HttpRequestMessage request = new(HttpMethod.Patch, path) { Content = JsonContent.Create(patch, patchType, new("application/merge-patch+json")) };
        request.Headers.IfMatch.Add(ifMatch == "*" ? EntityTagHeaderValue.Any : EntityTagHeaderValue.Parse(ifMatch));
        return AskAsync(request, type, cancellationToken);
    }

    /// <summary>Deletes.</summary>
    public async Task DeleteAsync(string path, CancellationToken cancellationToken)
    {
        using HttpRequestMessage request = new(HttpMethod.Delete, path);
        (await SendAsync(request, cancellationToken)).Dispose();
    }

    /// <summary>Watches a stream of server-sent events until the appliance ends it.</summary>
    public async IAsyncEnumerable<SseItem<T>> WatchAsync<T>(
        string path, JsonTypeInfo<T> type, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, path);
        request.Headers.Accept.Add(new("text/event-stream"));
        using HttpResponseMessage response = await SendAsync(request, cancellationToken);
        await using Stream stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        SseParser<T> parser = SseParser.Create(stream, (_, data) =>
            JsonSerializer.Deserialize(data, type) ?? throw new JsonException($"An event of {path} says nothing."));
        await foreach (SseItem<T> item in parser.EnumerateAsync(cancellationToken))
            yield return item;
    }

    /// <summary>Copies raw content, such as a message.</summary>
    public async Task CopyAsync(string path, Stream destination, CancellationToken cancellationToken)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, path);
        using HttpResponseMessage response = await SendAsync(request, cancellationToken);
        await response.Content.CopyToAsync(destination, cancellationToken);
    }

    /// <summary>Asks with an input, and copies the raw answer.</summary>
    public async Task CopyAsync(string path, System.Text.Json.Nodes.JsonObject input, Stream destination, CancellationToken cancellationToken)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, path) { Content = JsonContent.Create(input, ContractJson.Contract.JsonObject) };
        using HttpResponseMessage response = await SendAsync(request, cancellationToken);
        await response.Content.CopyToAsync(destination, cancellationToken);
    }

    /// <inheritdoc />
    public void Dispose() => _http.Dispose();

    private async Task<Answer<T>> AskAsync<T>(HttpRequestMessage request, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        using (request)
        using (HttpResponseMessage response = await SendAsync(request, cancellationToken))
        {
            T value = await response.Content.ReadFromJsonAsync(type, cancellationToken)
                ?? throw new JsonException($"The appliance answered {request.Method} {request.RequestUri} with nothing.");
            return new(value, response.Headers.ETag?.ToString());
        }
    }

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        HttpResponseMessage response;
        try
        {
            response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        }
        catch (HttpRequestException exception) when (exception.HttpRequestError == HttpRequestError.ConnectionError)
        {
            throw new NoApplianceException(_socketPath, exception);
        }
        if (response.IsSuccessStatusCode)
            return response;

        using (response)
            throw new ApplianceProblemException(await ReadProblemAsync(response, cancellationToken));
    }

    private static async Task<Problem> ReadProblemAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.Content.Headers.ContentType?.MediaType == "application/problem+json"
            && await response.Content.ReadFromJsonAsync(ContractJson.Contract.Problem, cancellationToken) is { } problem)
            return problem;
        int status = (int)response.StatusCode;
        return new() { Type = "about:blank", Code = "http", Status = status, Title = $"The appliance answered {status} {response.ReasonPhrase}." };
    }

    private async ValueTask<Stream> ConnectAsync(CancellationToken cancellationToken)
    {
        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(_socketPath), cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
