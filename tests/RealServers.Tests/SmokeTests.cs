using EmailSync.RealServers.Tests.Servers;

namespace EmailSync.RealServers.Tests;

public sealed class SmokeTests(MailServers servers)
{
    [Fact]
    public void Run() { servers.NewAccount(); }
}
