using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace EmailSync.Appliance.Api;

/// <summary>What the OpenAPI document says of the API as a whole. docs/openapi.json is a copy of it.</summary>
internal static class ApiDocument
{
    /// <summary>The same at every deployment, whatever port it listens on.</summary>
    public static Task DescribeAsync(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellationToken)
    {
        document.Info = new()
        {
            Title = "EmailSync",
            Version = "v1",
            Description = "Refusals are problem details (RFC 9457) with a stable code; docs/errors.md lists them. "
                + "Changes need If-Match with the ETag that was read. A query parameter that an operation does not have is refused. "
                + "Secrets go in and never come out. Only a path with %00 in it is refused without a problem: by the HTTP server, with 400.",
        };
        document.Servers = [new() { Url = "http://localhost:5380" }];
        document.Components ??= new();
        document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
        {
            ["token"] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http,
                Scheme = "bearer",
                Description = "A token from 'emailsync token create'. The control socket needs none.",
            },
        };
        document.Security = [new() { [new OpenApiSecuritySchemeReference("token", document)] = [] }];
        return Task.CompletedTask;
    }

    /// <summary>The bounds of a page are the same everywhere.</summary>
    public static Task DescribeAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        foreach (OpenApiSchema limit in (operation.Parameters ?? []).Where(parameter => parameter.Name == "limit").Select(parameter => parameter.Schema).OfType<OpenApiSchema>())
            (limit.Minimum, limit.Maximum, limit.Default) = ("1", $"{PageLimit.Largest}", PageLimit.Default);
        return Task.CompletedTask;
    }
}
