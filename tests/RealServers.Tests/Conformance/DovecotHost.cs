using System.Globalization;
using EmailSync.Appliance.Model;
using EmailSync.Conformance;
using EmailSync.Protocols.Pop3;
using EmailSync.RealServers.Tests.Servers;

namespace EmailSync.RealServers.Tests.Conformance;

/// <summary>Dovecot as a host of the suite.</summary>
internal sealed class DovecotHost(MailServers servers) : IMaildropHost
{
    public IReadOnlyDictionary<Ability, string> Lacks { get; } = new Dictionary<Ability, string> { [Ability.Utf8] = "Dovecot does not offer it" };

    public Account NewAccount() => servers.NewConformanceAccount();

    public void Deliver(Account account, ReadOnlySpan<byte> content)
    {
        MailAccount owner = servers.Find(account.Name);
        owner.Deliver(servers.NextNumber().ToString("D6", CultureInfo.InvariantCulture), content);
    }

    public int CountOf(Account account) => servers.Find(account.Name).Count;

    public Task<Pop3Session> OpenAsync(Encryption encryption, Pop3Options? options = null) => servers.Dovecot.OpenAsync(
        encryption switch { Encryption.None => TlsMode.None, Encryption.Upgraded => TlsMode.StartTls, _ => TlsMode.Implicit }, options);
}
