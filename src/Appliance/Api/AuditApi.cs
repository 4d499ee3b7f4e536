using EmailSync.Appliance.Api.Contracts;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace EmailSync.Appliance.Api;

/// <summary>The audit log, for reading. There is no way to change it.</summary>
public static class AuditApi
{
    /// <summary>The routes.</summary>
    public static void MapAudit(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/audit", ListAsync).WithTags("audit").WithMetadata(new LeastRole(TokenRole.Operator));

    private static async Task<Ok<Page<AuditContract>>> ListAsync(IStore store, AuditId? before, int? limit, CancellationToken cancellationToken)
    {
        int size = PageLimit.Of(limit);
        IReadOnlyList<AuditEntry> page = await store.Audit.ListAsync(before, size, cancellationToken);
        return TypedResults.Ok(new Page<AuditContract>([.. page.Select(AuditContract.Of)], page.Count == size ? page[^1].Id.ToString() : null));
    }
}
