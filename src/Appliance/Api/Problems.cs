using System.Text.Json;
using EmailSync.Appliance.Api.Contracts;
using EmailSync.Appliance.Store;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;

namespace EmailSync.Appliance.Api;

/// <summary>The request cannot be carried out as it is: all that is wrong with its fields.</summary>
public sealed class InvalidRequestException(IReadOnlyList<Fault> faults) : Exception(string.Join(" ", faults.Select(fault => fault.Reason)))
{
    /// <summary>One for each field that is wrong.</summary>
    public IReadOnlyList<Fault> Faults => faults;

    /// <summary>One thing is wrong.</summary>
    public static InvalidRequestException Of(string field, string? value, string reason, string remedy) => new([new(field, value, reason, remedy)]);
}

/// <summary>A secret came over a channel that is not secure.</summary>
public sealed class InsecureChannelException() : Exception("A secret would go over plain HTTP.");

/// <summary>The caller may not do this.</summary>
public sealed class ForbiddenException(string message) : Exception(message);

/// <summary>An update came without saying which version it changes.</summary>
public sealed class PreconditionMissingException() : Exception("An update needs the header If-Match with the ETag that was read, or *.");

/// <summary>Exceptions to problem details (RFC 9457). Codes are stable.</summary>
public static class Problems
{
    /// <summary>Answers a request that failed.</summary>
    public static async Task HandleAsync(HttpContext context)
    {
        Exception exception = context.Features.Get<IExceptionHandlerFeature>()!.Error;
        Problem problem = From(exception);
        if (exception is StorageException)
            context.Response.Headers.RetryAfter = "5";
        await WriteAsync(context, problem);
    }

    /// <summary>Answers a request that no endpoint took.</summary>
    public static Task ExplainAsync(HttpContext context) => WriteAsync(context, context.Response.StatusCode switch
    {
        StatusCodes.Status405MethodNotAllowed => Of(ProblemCatalog.MethodNotAllowed, $"{context.Request.Method} is not for {context.Request.Path}."),
        StatusCodes.Status415UnsupportedMediaType => Of(ProblemCatalog.UnsupportedMediaType, $"{context.Request.Path} does not take {context.Request.ContentType ?? "content of no kind"}."),
        StatusCodes.Status404NotFound => Of(ProblemCatalog.NotFound, $"There is nothing at {context.Request.Path}."),
        _ => Of(ProblemCatalog.Unreadable) with { Status = context.Response.StatusCode },
    });

    /// <summary>The request was refused for a reason that the caller is told.</summary>
    public static bool IsForeseen(Exception exception) => StatusOf(exception) != ProblemCatalog.Unforeseen.Status;

    /// <summary>The status that an exception is answered with.</summary>
    public static int StatusOf(Exception exception) => From(exception).Status;

    /// <summary>Writes a problem as the answer.</summary>
    public static Task WriteAsync(HttpContext context, Problem problem)
    {
        context.Response.StatusCode = problem.Status;
        return context.Response.WriteAsJsonAsync(problem, ContractJson.Contract.Problem, "application/problem+json", context.RequestAborted);
    }

    /// <summary>A problem of a kind.</summary>
    public static Problem Of(ProblemKind kind, string? detail = null, IReadOnlyList<Fault>? errors = null) =>
        new() { Type = $"urn:emailsync:problem:{kind.Code}", Title = kind.Title, Status = kind.Status, Code = kind.Code, Detail = detail, Errors = errors };

    private static Problem From(Exception exception) => exception switch
    {
        InvalidRequestException invalid => Of(ProblemCatalog.Invalid, invalid.Message, invalid.Faults),
        BadHttpRequestException { InnerException: JsonException json } => Unreadable(json),
        JsonException json => Unreadable(json),
        BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } => Of(ProblemCatalog.TooLarge, exception.Message),
        BadHttpRequestException { StatusCode: StatusCodes.Status415UnsupportedMediaType } => Of(ProblemCatalog.UnsupportedMediaType, exception.Message),
        BadHttpRequestException => Of(ProblemCatalog.Unreadable, InOurWords(exception.Message)),
        InsecureChannelException => Of(ProblemCatalog.InsecureChannel, exception.Message),
        ForbiddenException => Of(ProblemCatalog.Forbidden, exception.Message),
        PreconditionMissingException => Of(ProblemCatalog.PreconditionRequired, exception.Message),
        VersionConflictException => Of(ProblemCatalog.VersionConflict, exception.Message),
        DuplicateValueException duplicate => Of(ProblemCatalog.Duplicate, exception.Message,
            [new(duplicate.FieldName, null, exception.Message, "Choose another.")]),
        InUseException used => Of(ProblemCatalog.InUse, exception.Message,
            [.. used.Users.Select(user => new Fault("profile", user, "This mailbox uses it.", "Give the mailbox another profile, or delete it."))]),
        IdempotencyConflictException => Of(ProblemCatalog.IdempotencyConflict, exception.Message),
        NotStoredException => Of(ProblemCatalog.NotFound, exception.Message),
        StorageException => Of(ProblemCatalog.Storage, exception.Message),
        _ => Of(ProblemCatalog.Unforeseen, ProblemCatalog.Unforeseen.Remedy),
    };

    // The framework speaks to the programmer of the endpoint there.
    private static string InOurWords(string message)
    {
        if (message.StartsWith("Implicit body inferred", StringComparison.Ordinal))
            return "There is no body, or it is null; a JSON object is expected.";
        // Failed to bind parameter "Nullable<int> limit" from "abc".
        return message.Split('"') is ["Failed to bind parameter ", var parameter, " from ", .. var value, _]
            ? $"'{string.Join('"', value)}' is no value for {parameter[(parameter.LastIndexOf(' ') + 1)..]}."
            : message;
    }

    private static Problem Unreadable(JsonException json) => Of(ProblemCatalog.Unreadable,
        json.Path is { Length: > 0 } path && path != "$" ? $"{Shorten(json.Message)} (at {path})" : Shorten(json.Message));

    // The messages name our own types, which mean nothing to a caller.
    private static string Shorten(string message)
    {
        int unmapped = message.IndexOf(" could not be mapped to any .NET member", StringComparison.Ordinal);
        return unmapped > 0 ? message[..unmapped] + " is not a field of this resource."
            : message.Split(" encountered during deserialization") is [var repeated, _] ? repeated + " stands twice."
            : message.StartsWith("The JSON value could not be converted", StringComparison.Ordinal) ? "The value is not of the kind that this field takes."
            : message.Split(" Path: ")[0];
    }
}
