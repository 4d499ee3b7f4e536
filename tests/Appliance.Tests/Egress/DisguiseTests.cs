using System.Net;
using EmailSync.Appliance.Egress;
using EmailSync.Appliance.Model;
using EmailSync.Protocols.Wire.Tls;

namespace EmailSync.Appliance.Tests.Egress;

/// <summary>
/// An address that nobody may be sent to is refused by both doors when they connect, whether a name leads to it or it was written down, and in
/// whichever form.
/// </summary>
public sealed class DisguiseTests
{
    private static readonly EgressPolicy Strictest = EgressPolicy.Commercial();
    private static readonly EgressPolicy OnPremises = EgressPolicy.Commercial(new() { AllowLoopbackAndPrivateServers = true });
    // Commercial mode fetches no revocation lists, and admits them over HTTPS alone.
    private static readonly EgressPolicy Government = EgressPolicy.Government(admitsHttpForRevocationLists: true);
    private static readonly EgressPolicy GovernmentOnPremises = EgressPolicy.Government(admitsLocalAddresses: true, admitsHttpForRevocationLists: true);

    /// <summary>Not even where the operator admits private servers.</summary>
    public static TheoryData<string> Never =>
    [
        "0.0.0.0", "169.254.169.254", "169.254.0.1", "100.100.100.200", "168.63.129.16", "192.0.0.192", "224.0.0.1", "255.255.255.255",
        "::", "fe80::1", "fd00:ec2::254", "fd20:ce::254", "ff02::1",
        // Mapped, compatible, translated, NAT64, 6to4, Teredo (server and client), ISATAP: 169.254.169.254 in each.
        "::ffff:169.254.169.254", "::169.254.169.254", "::ffff:0:169.254.169.254", "64:ff9b::169.254.169.254", "64:ff9b:1::169.254.169.254",
        "2002:a9fe:a9fe::1", "2001:0:a9fe:a9fe::1", "2001::5601:5601", "2a00::5efe:169.254.169.254", "2a00::200:5efe:a9fe:a9fe",
        // One disguise inside another.
        "2002:a9fe:a9fe::5efe:9.9.9.9", "2001:0:909:909::5601:5601",
    ];

    /// <summary>Only where the operator admits private servers.</summary>
    public static TheoryData<string> Local =>
    [
        "127.0.0.1", "127.9.9.9", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.0.1", "100.64.0.1",
        "::1", "fc00::1", "fd00::1", "fec0::1",
        "::ffff:127.0.0.1", "::ffff:7f00:1", "::127.0.0.1", "::ffff:0:127.0.0.1", "64:ff9b::127.0.0.1", "64:ff9b::a00:1", "64:ff9b:1::127.0.0.1",
        "2002:7f00:1::1", "2002:a00:1::1", "2001:0:7f00:1::1", "2001::80ff:fffe", "2a00::5efe:127.0.0.1", "2a00::200:5efe:c0a8:1",
    ];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory, MemberData(nameof(Never)), MemberData(nameof(Local))]
    public async Task X_02_no_door_leads_there_by_a_name_or_by_the_address_itself(string address) => await AssertDeniedAsync(Strictest, Government, address);

    [Theory, MemberData(nameof(Never))]
    public async Task X_01_what_is_never_a_server_is_denied_where_private_servers_are_admitted_too(string address) =>
        await AssertDeniedAsync(OnPremises, GovernmentOnPremises, address);

    /// <summary>The doors are not shut for everybody: the same calls come as far as their sockets where the policy admits the address.</summary>
    [Theory, InlineData("127.0.0.1"), InlineData("::ffff:127.0.0.1"), InlineData("::1")]
    public async Task What_the_operator_admits_is_dialed(string address)
    {
        // Whether anything listens on this machine's mail ports is not this test's.
        foreach (Func<Task> door in Doors(OnPremises, GovernmentOnPremises, address))
            Assert.True(await Record.ExceptionAsync(door) is ConnectException or TlsException or CertificateException);
    }

    [Theory]
    [InlineData("2130706433"), InlineData("0177.0.0.1"), InlineData("0x7f.0.0.1"), InlineData("0x7f000001"), InlineData("017700000001"), InlineData("127.1")]
    [InlineData("127.0.1"), InlineData("127.0.0.1."), InlineData("localhost"), InlineData("localhost."), InlineData("LOCALHOST"), InlineData("１２７.０.０.１")]
    [InlineData("127。0。0。1"), InlineData("①②⑦.0.0.1"), InlineData("127.0.0.01"), InlineData("127.0.0.1%00"), InlineData("good.example.com@127.0.0.1")]
    [InlineData("[::ffff:7f00:1]"), InlineData("[0:0:0:0:0:ffff:127.0.0.1]"), InlineData("[fe80::1%25eth0]"), InlineData("[::1%1]")]
    public async Task X_02_a_host_in_disguise_is_no_host_or_is_judged_for_what_it_is(string host)
    {
        if (HostName.TryParse(host, out HostName? parsed, out _))
            await Assert.ThrowsAsync<EgressDeniedException>(() => DialAsync(Strictest, parsed, IPAddress.Loopback));
        if (Uri.TryCreate($"https://{host}/token", UriKind.Absolute, out Uri? address))
            await Assert.ThrowsAsync<EgressDeniedException>(() => PostAsync(Strictest, address, IPAddress.Loopback));
    }

    private static async Task AssertDeniedAsync(EgressPolicy policy, EgressPolicy government, string address)
    {
        foreach (Func<Task> door in Doors(policy, government, address))
            await Assert.ThrowsAsync<EgressDeniedException>(door);
    }

    private static Func<Task>[] Doors(EgressPolicy policy, EgressPolicy government, string address)
    {
        IPAddress led = IPAddress.Parse(address);
        string literal = led.GetAddressBytes().Length == 16 ? $"[{address}]" : address;
        return
        [
            () => DialAsync(policy, HostName.Parse("mail.example.com"), led),
            () => DialAsync(policy, HostName.Parse(literal), led),
            () => PostAsync(policy, new("https://login.example.com/token"), led),
            () => PostAsync(policy, new($"https://{literal}/token"), led),
            () => ListAsync(government, new("http://crl.example.com/a.crl"), led),
            () => ListAsync(government, new("https://crl.example.com/a.crl"), led),
            () => ListAsync(government, new($"http://{literal}/a.crl"), led),
        ];
    }

    private static async Task DialAsync(EgressPolicy policy, HostName host, IPAddress answer)
    {
        await using Stream _ = await DialerTo(answer).DialAsync(Route.Admit(policy, MailService.Pop3, new(host, 995, TlsMode.Implicit)), null, Cancel);
    }

    private static Task<HttpAnswer> PostAsync(EgressPolicy policy, Uri address, IPAddress answer) =>
        new HttpDoor(policy, DialerTo(answer), TimeProvider.System).PostFormAsync(address, new Dictionary<string, string>(), null, Cancel);

    private static Task<HttpAnswer> ListAsync(EgressPolicy policy, Uri address, IPAddress answer) =>
        new HttpDoor(policy, DialerTo(answer), TimeProvider.System).GetRevocationListAsync(address, "", Cancel);

    private static Dialer DialerTo(IPAddress answer) => new(TimeProvider.System, (_, _) => Task.FromResult<IPAddress[]>([answer]));
}
