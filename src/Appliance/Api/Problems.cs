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
public sealed class InsecureChannelException() : Exception(
    "A password came over plain HTTP. Use the control socket (the emailsync command does), or set AllowCredentialsEntryViaNonSecureChannels.");

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

    /// <summary>The request was refused for a reason that the caller is told.</summary>
    public static bool IsForeseen(Exception exception) => From(exception).Status != 500;

    /// <summary>Writes a problem as the answer.</summary>
    public static Task WriteAsync(HttpContext context, Problem problem)
    {
        context.Response.StatusCode = problem.Status;
        return context.Response.WriteAsJsonAsync(problem, ContractJson.Contract.Problem, "application/problem+json", context.RequestAborted);
    }

    /// <summary>A problem of a kind.</summary>
    public static Problem Of(int status, string code, string title, string? detail = null, IReadOnlyList<Fault>? errors = null) =>
        new() { Type = $"urn:emailsync:problem:{code}", Title = title, Status = status, Code = code, Detail = detail, Errors = errors };

    private static Problem From(Exception exception) => exception switch
    {
        InvalidRequestException invalid => Of(422, "invalid", "The request has faults.", invalid.Message, invalid.Faults),
        BadHttpRequestException { InnerException: JsonException json } => Unreadable(json),
        JsonException json => Unreadable(json),
        BadHttpRequestException bad => Of(bad.StatusCode, "unreadable", "The request cannot be read.", bad.Message),
        InsecureChannelException => Of(403, "insecure-channel", "Passwords are not taken over this channel.", exception.Message),
        PreconditionMissingException => Of(428, "precondition-required", "Which version is changed?", exception.Message),
        VersionConflictException => Of(412, "version-conflict", "It was changed in between.", exception.Message),
        DuplicateValueException duplicate => Of(409, "duplicate", "A value that must be unique is taken.", exception.Message,
            [new(duplicate.FieldName, null, exception.Message, "Choose another.")]),
        InUseException => Of(409, "in-use", "It is in use.", exception.Message),
        IdempotencyConflictException => Of(422, "idempotency-conflict", "The idempotency key was used with another content.", exception.Message),
        NotStoredException => Of(404, "not-found", "There is no such thing.", exception.Message),
        StorageException => Of(503, "storage", "The appliance cannot write to its disk.", exception.Message),
        _ => Of(500, "unforeseen", "Something happened that the appliance did not foresee.", "The log holds the details."),
    };

    private static Problem Unreadable(JsonException json) => Of(400, "unreadable", "The request's JSON cannot be read.",
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
