using EmailSync.Appliance.Egress;
using EmailSync.Appliance.Processing;
using EmailSync.Appliance.Scheduling;
using EmailSync.Appliance.Store;
using Microsoft.Extensions.DependencyInjection;

namespace EmailSync.Appliance;

/// <summary>Puts the rooms together.</summary>
internal static class ApplianceHost
{
    /// <summary>Everything that processes mailboxes, on a store that is open.</summary>
    public static IServiceCollection AddAppliance(this IServiceCollection services, ApplianceOptions options, IStore store) => services
        .AddSingleton(options)
        .AddSingleton(store)
        .AddSingleton(TimeProvider.System)
        .AddSingleton(options.ChoosePolicy())
        .AddSingleton(options.Scheduler)
        .AddSingleton(options.Retries)
        .AddSingleton(new SessionSettings
        {
            AllowCleartextPasswords = options.AllowBasicAuthenticationOnNonSecureChannel,
            EhloName = options.EhloName,
        })
        .AddSingleton<IDialer, Dialer>()
        .AddSingleton<SessionOpener>()
        .AddSingleton<HttpDoor>()
        .AddSingleton<AccessTokens>()
        .AddSingleton<MailSessions>()
        .AddSingleton<AlertBook>()
        .AddSingleton<TestBoard>()
        .AddSingleton<ReceiveCycle>()
        .AddSingleton<SubmissionPool>()
        .AddSingleton<DeliveryReportReader>()
        .AddSingleton<SendCycle>()
        .AddSingleton<TestAndEnable>()
        .AddSingleton<MailboxWorker>()
        .AddSingleton<WorkRunner>(provider => provider.GetRequiredService<MailboxWorker>().RunAsync)
        .AddSingleton<MailboxScheduler>()
        .AddSingleton<IMailboxScheduler>(provider => provider.GetRequiredService<MailboxScheduler>())
        .AddHostedService(provider => provider.GetRequiredService<MailboxScheduler>())
        .AddHostedService<Housekeeping>();

    /// <summary>What must be known before anything is processed: the alerts that stand, and what a crash left in doubt.</summary>
    public static async Task RecoverAsync(IServiceProvider services, CancellationToken cancellationToken)
    {
        await services.GetRequiredService<AlertBook>().LoadAsync(cancellationToken);
        await services.GetRequiredService<SendCycle>().RecoverAsync(cancellationToken);
    }
}
