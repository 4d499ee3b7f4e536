using EmailSync.Appliance.Model;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace EmailSync.Appliance.Api;

/// <summary>What was measured since the start, for Prometheus (docs/telemetry.md). Any token opens it: there are numbers in it and no names.</summary>
public static class MetricsApi
{
    /// <summary>The route.</summary>
    public static void MapMetrics(this IEndpointRouteBuilder routes) => routes
        .MapGet("/metrics", static (Measurements measurements) =>
            TypedResults.Text(PrometheusText.Write(measurements.Read()), PrometheusText.ContentType))
        .WithMetadata(new LeastRole(TokenRole.Application))
        .ExcludeFromDescription();
}
