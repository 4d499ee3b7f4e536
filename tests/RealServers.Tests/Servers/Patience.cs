namespace EmailSync.RealServers.Tests.Servers;

/// <summary>How long a test waits for another process before it fails rather than hangs.</summary>
internal static class Patience
{
    /// <summary>Cancels after a minute, or when the test run ends.</summary>
    public static CancellationTokenSource Begin()
    {
        CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromMinutes(1));
        return patience;
    }
}
