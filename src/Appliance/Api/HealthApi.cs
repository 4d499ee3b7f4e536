using System.Globalization;
using System.Reflection;
using EmailSync.Appliance.Api.Contracts;
using EmailSync.Appliance.Egress;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Scheduling;
using EmailSync.Appliance.Store;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace EmailSync.Appliance.Api;

/// <summary>Whether the process lives, whether it can work, and how its work stands. No mail server's trouble makes it unhealthy.</summary>
public static class HealthApi
{
    /// <summary>The version of the program.</summary>
    public static string Version { get; } =
        typeof(HealthApi).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    /// <summary>The routes.</summary>
    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/livez", () => TypedResults.Text("ok")).ExcludeFromDescription();
        routes.MapGet("/readyz", ReadyAsync).ExcludeFromDescription();
        routes.MapGet("/healthz", ReadyAsync).ExcludeFromDescription();
        routes.MapGet("/api/v1/status", StatusAsync).WithTags("status").WithMetadata(new LeastRole(TokenRole.Operator));
    }

    private static async Task<ContentHttpResult> ReadyAsync(IStore store, CancellationToken cancellationToken)
    {
        if (store.Health.Trouble is { } trouble)
        {
            string text = string.Create(CultureInfo.InvariantCulture, $"not ready since {trouble.Since:u}: {trouble.Why}");
            return TypedResults.Text(text, statusCode: StatusCodes.Status503ServiceUnavailable);
        }

        await store.Settings.ReadAsync(cancellationToken);
        return TypedResults.Text("ok");
    }

    private static async Task<Ok<StatusContract>> StatusAsync(
        IStore store, IMailboxScheduler scheduler, EgressPolicy policy, CancellationToken cancellationToken)
    {
        ScheduleSnapshot schedule = scheduler.Snapshot();
        StoreCheck? check = await store.Upkeep.LastCheckAsync(cancellationToken);
        return TypedResults.Ok(new StatusContract(
            Version, policy.Name, schedule.Planned, schedule.Waiting, schedule.Late, schedule.Running, schedule.Completed, schedule.Failed,
            await store.Emails.CountAsync(new() { Direction = EmailDirection.Incoming }, cancellationToken),
            await store.Emails.CountAsync(new() { State = EmailState.PendingSend }, cancellationToken),
            check is null ? null : new(check.CompletedAt, check.Emails, check.FaultCount, check.Faults)));
    }
}
