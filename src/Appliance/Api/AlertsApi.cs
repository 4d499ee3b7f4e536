using EmailSync.Appliance.Api.Contracts;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace EmailSync.Appliance.Api;

/// <summary>Alerts, and what the settings are.</summary>
public static class AlertsApi
{
    /// <summary>The routes.</summary>
    public static void MapAlerts(this IEndpointRouteBuilder routes)
    {
        RouteGroupBuilder alerts = routes.MapGroup("/alerts").WithTags("alerts");
        alerts.MapGet("/", ListAsync);
        alerts.MapPost("/{alert}/dismiss", DismissAsync);
    }

    /// <summary>Newest first; without those that were resolved, unless <paramref name="all"/> asks for them.</summary>
    private static async Task<Ok<Page<AlertContract>>> ListAsync(
        IStore store, bool? all, Named<AlertScope>? scope, string? subject, AlertId? before, int? limit, CancellationToken cancellationToken)
    {
        if (scope is null != subject is null)
            throw InvalidRequestException.Of("subject", subject, "Scope and subject belong together.", "Give both or neither.");
        AlertSubject? about = scope is { Value: var kind } ? new(kind, subject!) : null;
        int size = PageLimit.Of(limit);
        IReadOnlyList<Alert> page = await store.Alerts.ListAsync(all is not true, about, before, size, cancellationToken);
        return TypedResults.Ok(new Page<AlertContract>([.. page.Select(AlertContract.Of)], page.Count == size ? page[^1].Id.ToString() : null));
    }

    private static async Task<NoContent> DismissAsync(AlertId alert, IStore store, CancellationToken cancellationToken) =>
        await store.Alerts.DismissAsync(alert, cancellationToken) ? TypedResults.NoContent() : throw new NotStoredException($"unresolved alert '{alert}'");
}
