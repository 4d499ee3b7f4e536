using System.Security.Cryptography;
using System.Text.Json.Nodes;
using EmailSync.Appliance.Api.Contracts;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace EmailSync.Appliance.Api;

/// <summary>An endpoint whose calls change nothing, although they are no GET.</summary>
public sealed class Unaudited;

/// <summary>An endpoint whose calls are written down without what was given: an email, whose record is the email itself.</summary>
public sealed class AuditedWithoutFields;

/// <summary>
/// Writes down every change: that it begins, before it does, and what came of it. What was given is kept only where it was taken: then all
/// fields are known ones, so that a secret in a misspelt field is kept nowhere.
/// </summary>
public sealed class AuditTrail(IStore store)
{
    // Of a larger document only its size and hash are kept, such as of a whole configuration.
    private const int LongestDocument = 64 * 1024;

    /// <summary>Lets a request through, and writes it down where it is a change.</summary>
    public async Task WatchAsync(HttpContext context, Func<Task> next)
    {
        HttpRequest request = context.Request;
        if (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method) || HttpMethods.IsOptions(request.Method)
            || context.GetEndpoint() is not RouteEndpoint endpoint || endpoint.Metadata.GetMetadata<Unaudited>() is not null)
        {
            await next();
            return;
        }

        byte[]? body = request.HasJsonContentType() && endpoint.Metadata.GetMetadata<AuditedWithoutFields>() is null ? await BufferAsync(request) : null;
        string subject = request.Path;
        AuditId entry = await store.Audit.BeginAsync(
            new() { Who = Caller.NameOf(context), Action = $"{request.Method} {endpoint.RoutePattern.RawText}", Subject = subject }, context.RequestAborted);
        int outcome = StatusCodes.Status500InternalServerError;
        try
        {
            await next();
            outcome = context.Response.StatusCode;
        }
        catch (Exception exception)
        {
            outcome = Problems.StatusOf(exception);
            throw;
        }
        finally
        {
            bool isDone = outcome < StatusCodes.Status400BadRequest;
            string? created = isDone && context.Response.Headers.Location is { Count: > 0 } location ? location.ToString() : null;
            // The caller may be gone; the log does not depend on it.
            await store.Audit.EndAsync(entry, created ?? subject, isDone && body is { Length: > 0 } ? Describe(body) : null, outcome, CancellationToken.None);
        }
    }

    private static async Task<byte[]> BufferAsync(HttpRequest request)
    {
        using MemoryStream buffer = new();
        await request.Body.CopyToAsync(buffer, request.HttpContext.RequestAborted);
        byte[] body = buffer.ToArray();
        request.Body = new MemoryStream(body, writable: false);
        return body;
    }

    private static string Describe(byte[] body)
    {
        JsonNode? document = JsonNode.Parse(body);
        SecretFields.Mask(document);
        string text = document?.ToJsonString() ?? "null";
        return text.Length <= LongestDocument
            ? text
            : new JsonObject { ["octets"] = body.Length, ["sha256"] = Convert.ToHexStringLower(SHA256.HashData(body)) }.ToJsonString();
    }
}
