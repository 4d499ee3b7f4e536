using EmailSync.Appliance.Api.Contracts;
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
        .AddSingleton(new LeaseRules())
        .AddSingleton(Describe(options))
        .AddSingleton(options.Polling)
        .AddSingleton(new SessionSettings
        {
            AllowCleartextPasswords = options.AllowBasicAuthenticationOnNonSecureChannel,
            EhloName = options.EhloName,
        })
        .AddSingleton<IDialer, Dialer>()
        .AddSingleton<SessionOpener>()
        .AddSingleton<HttpDoor>()
        .AddSingleton<AccessTokens>()
        .AddSingleton<LoginDelays>()
        .AddSingleton<MailSessions>()
        .AddSingleton<Waker>(provider => (mailbox, work) => provider.GetRequiredService<IMailboxScheduler>().Wake(mailbox, work))
        .AddSingleton<OwnerMail>()
        .AddSingleton<AlertBook>()
        .AddSingleton<ProfileWatch>()
        .AddSingleton<TestJobs>()
        .AddSingleton<Quarantine>()
        .AddSingleton(new SliceSize())
        .AddSingleton(new WholeFetchRules(options.MaximumFetchInMebibytes * 1024L * 1024))
        .AddSingleton<WholeFetch>()
        .AddSingleton<ReceiveCycle>()
        .AddSingleton<SubmissionPool>()
        .AddSingleton<DeliveryReportReader>()
        .AddSingleton<SendCycle>()
        .AddSingleton<TestAndEnable>()
        .AddSingleton<MailboxWorker>()
        .AddSingleton<WorkRunner>(provider => provider.GetRequiredService<MailboxWorker>().RunAsync)
        .AddSingleton<RoomMaker>(provider => provider.GetRequiredService<SubmissionPool>().MakeRoomAsync)
        .AddSingleton<MailboxScheduler>()
        .AddSingleton<IMailboxScheduler>(provider => provider.GetRequiredService<MailboxScheduler>())
        .AddHostedService(provider => provider.GetRequiredService<MailboxScheduler>())
        .AddSingleton<ScheduleMeter>()
        .AddSingleton<StorageWatch>()
        .AddHostedService(provider => provider.GetRequiredService<StorageWatch>())
        .AddHostedService<Housekeeping>()
        .AddHostedService<IntegrityWatch>()
        .AddDropFolder(options.DropFolder);

    private static IServiceCollection AddDropFolder(this IServiceCollection services, string? folder) => folder is null ? services : services
        .AddSingleton(provider => ActivatorUtilities.CreateInstance<DropFolder>(provider, folder))
        .AddHostedService<DropFolderWatch>();

    private static DeploymentContract Describe(ApplianceOptions options) => new()
    {
        GovMode = options.GovMode,
        AllowNonSslEmail = !options.GovMode && options.AllowNonSslEmail != false,
        AllowCredentialsEntryViaNonSecureChannels = options.AllowCredentialsEntryViaNonSecureChannels,
        AllowBasicAuthenticationOnNonSecureChannel = options.AllowBasicAuthenticationOnNonSecureChannel,
        AllowAnonymousSmtp = options.AllowAnonymousSmtp,
        AllowLoopbackAndPrivateServers = options.AllowLoopbackAndPrivateServers,
        AllowHttpForRevocationLists = options.AllowHttpForRevocationLists,
        AdditionalPorts = options.AdditionalPorts,
        MaxConnections = options.MaxConnections,
        MaxConnectionsPerHost = options.MaxConnectionsPerHost,
        MaxMailboxTransientFailures = options.MaxMailboxTransientFailures,
        MailboxBackoffOnTransientError = options.MailboxBackoffOnTransientError,
        MaximumEmailDeliveryAttempts = options.MaximumEmailDeliveryAttempts,
        EmailDeliveryLifetimeHours = options.EmailDeliveryLifetimeHours,
        EmailDeliveryShortestBackoff = options.EmailDeliveryShortestBackoff,
        EmailDeliveryLongestBackoff = options.EmailDeliveryLongestBackoff,
    };

    /// <summary>What must be known before anything is processed: the alerts that stand, and what a crash left in doubt.</summary>
    public static async Task RecoverAsync(IServiceProvider services, CancellationToken cancellationToken)
    {
        await services.GetRequiredService<AlertBook>().LoadAsync(cancellationToken);
        await services.GetRequiredService<SendCycle>().RecoverAsync(cancellationToken);
    }
}
