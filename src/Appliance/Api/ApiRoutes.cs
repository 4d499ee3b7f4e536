using EmailSync.Appliance.Api.Contracts;
using EmailSync.Appliance.Egress;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Scheduling;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace EmailSync.Appliance.Api;

/// <summary>What the deployment lets the API do.</summary>
/// <param name="AllowsCredentialsOverHttp">Secrets may come over plain HTTP.</param>
/// <param name="AllowsAnonymousSmtp">Profiles may name a relay that asks for no sign-in.</param>
/// <param name="AllowsCleartextPasswords">Profiles may send passwords to mail servers in clear.</param>
public sealed record ApiOptions(bool AllowsCredentialsOverHttp, bool AllowsAnonymousSmtp, bool AllowsCleartextPasswords);

/// <summary>The table of all routes.</summary>
public static class ApiRoutes
{
    /// <summary>What the routes need.</summary>
    public static IServiceCollection AddApi(this IServiceCollection services, ApiOptions options)
    {
        services.AddOpenApi(openApi => openApi.AddDocumentTransformer(ApiDocument.DescribeAsync).AddOperationTransformer(ApiDocument.DescribeAsync));
        services.ConfigureHttpJsonOptions(json =>
        {
            ContractJson.Apply(json.SerializerOptions).TypeInfoResolverChain.Insert(0, ContractJson.Contract);
        });
        return services
            .Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = true)
            .AddSingleton<FailureLimit>()
            .AddSingleton<Caller>()
            .AddSingleton<AuditTrail>()
            .AddSingleton<QueryParameters>()
            .AddSingleton<Measurements>()
            .AddSingleton(new Channel(options.AllowsCredentialsOverHttp))
            .AddSingleton<ConfigurationPlan>()
            .AddSingleton(provider => new ProfileRules(provider.GetRequiredService<EgressPolicy>(), options));
    }

    /// <summary>The routes themselves.</summary>
    public static void MapApi(this WebApplication application)
    {
        application.UseExceptionHandler(new ExceptionHandlerOptions
        {
            ExceptionHandler = Problems.HandleAsync,
            // A refusal is an answer, not an incident: only what nobody foresaw is logged as one.
            SuppressDiagnosticsCallback = context => Problems.IsForeseen(context.Exception),
        });
        application.UseStatusCodePages(context => Problems.ExplainAsync(context.HttpContext));
        Caller caller = application.Services.GetRequiredService<Caller>();
        application.Use((context, next) => caller.AdmitAsync(context, () => next(context)));
        AuditTrail audit = application.Services.GetRequiredService<AuditTrail>();
        application.Use((context, next) => audit.WatchAsync(context, () => next(context)));
        QueryParameters query = application.Services.GetRequiredService<QueryParameters>();
        application.Use((context, next) =>
        {
            query.Check(context);
            return next(context);
        });
        application.MapHealth();
        // Made now, so that it counts from the start.
        application.Services.GetRequiredService<Measurements>();
        application.Services.GetRequiredService<ScheduleMeter>();
        application.MapMetrics();
        application.MapOpenApi().WithMetadata(new LeastRole(TokenRole.Application));
        RouteGroupBuilder api = application.MapGroup("/api/v1");
        api.MapGroup("").WithMetadata(new LeastRole(TokenRole.Application)).MapEmails();
        RouteGroupBuilder operators = api.MapGroup("").WithMetadata(new LeastRole(TokenRole.Operator));
        operators.MapProfiles();
        operators.MapMailboxes();
        operators.MapMailboxBulk();
        operators.MapTests();
        operators.MapAlerts();
        operators.MapSettings();
        api.MapTokens();
        api.MapAudit();
        api.MapConfiguration();
        api.MapUpkeep();
    }
}
