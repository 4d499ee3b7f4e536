using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using EmailSync.Appliance.Store;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace EmailSync.Appliance.Api;

/// <summary>Changes as JSON merge patches (RFC 7396): what is absent stays, what is null goes back to its default.</summary>
public static class MergePatch
{
    /// <summary>Reads a patch and lays it on what is stored.</summary>
    /// <param name="request">Its body is the patch.</param>
    /// <param name="current">What is stored, as it would be written.</param>
    /// <param name="type">How it is written.</param>
    /// <param name="prepare">Takes out of what is stored what would contradict the patch.</param>
    public static async Task<T> ApplyAsync<T>(HttpRequest request, T current, JsonTypeInfo<T> type, Action<JsonObject, JsonObject>? prepare = null) =>
        Apply(await ReadAsync(request), current, type, prepare);

    /// <summary>Reads a patch.</summary>
    public static async Task<JsonObject> ReadAsync(HttpRequest request)
    {
        if (!request.HasJsonContentType())
            throw new BadHttpRequestException("A change is JSON: Content-Type is application/merge-patch+json or application/json.", StatusCodes.Status415UnsupportedMediaType);
        JsonNode? body = await JsonNode.ParseAsync(
            request.Body, documentOptions: new() { MaxDepth = 16, AllowDuplicateProperties = false }, cancellationToken: request.HttpContext.RequestAborted);
        return body as JsonObject ?? throw new JsonException("A change is a JSON object.");
    }

    /// <summary>Lays a patch on what is stored.</summary>
    public static T Apply<T>(JsonObject patch, T current, JsonTypeInfo<T> type, Action<JsonObject, JsonObject>? prepare = null)
    {
        JsonObject merged = JsonSerializer.SerializeToNode(current, type)!.AsObject();
        prepare?.Invoke(merged, patch);
        foreach ((string name, JsonNode? value) in patch)
            merged[name] = value?.DeepClone();
        return merged.Deserialize(type) ?? throw new JsonException("A change is a JSON object.");
    }

    /// <summary>The version that a change expects: from If-Match, where <c>*</c> means whichever there is.</summary>
    /// <exception cref="PreconditionMissingException">There is no such header.</exception>
    /// <exception cref="BadHttpRequestException">It is no ETag of this API.</exception>
    public static long ExpectedVersion(HttpRequest request, long current)
    {
        StringValues header = request.Headers.IfMatch;
        if (header.Count == 0)
            throw new PreconditionMissingException();
        string tag = header.ToString().Trim();
        if (tag == "*")
            return current;
        return long.TryParse(tag.Trim('"'), NumberStyles.None, CultureInfo.InvariantCulture, out long version)
            ? version
            : throw new BadHttpRequestException($"If-Match is '{tag}'; give the one ETag that was read, such as \"3\", or *.");
    }

    /// <summary>Refuses what is done to another version than the one that If-Match names; without the header any version will do.</summary>
    /// <exception cref="VersionConflictException">It was changed since it was read.</exception>
    public static void RequireMatch(HttpRequest request, long current)
    {
        if (request.Headers.IfMatch.Count > 0 && ExpectedVersion(request, current) is var expected && expected != current)
            throw new VersionConflictException(expected, current);
    }

    /// <summary>Shows a version as the ETag of an answer.</summary>
    public static void ShowVersion(HttpResponse response, long version) =>
        response.Headers.ETag = string.Create(CultureInfo.InvariantCulture, $"\"{version}\"");
}
