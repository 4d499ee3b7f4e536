using System.Net;
using EmailSync.Appliance.Egress;
using EmailSync.Appliance.Tests.OAuth;
using EmailSync.Lab;

namespace EmailSync.Appliance.Tests.Egress;

/// <summary>HTTP leaves by the same rules as mail: judged by its address and port, by each address of the name, and by the certificate.</summary>
public sealed class HttpDoorTests
{
    private static readonly Dictionary<string, string> Form = new() { ["a"] = "b" };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("169.254.169.254")]
    [InlineData("10.0.0.1")]
    [InlineData("::ffff:127.0.0.1")]
    public async Task A_name_that_leads_to_a_private_address_is_refused_at_connect_time(string address)
    {
        using LabCertificateAuthority authority = new();
        await using TokenEndpoint endpoint = await TokenEndpoint.StartAsync(authority);
        EgressPolicy policy = EgressPolicy.Commercial(new() { AdditionalPorts = [endpoint.Address.Port] });
        HttpDoor door = new(policy, new Dialer(TimeProvider.System, (_, _) => Task.FromResult(new[] { IPAddress.Parse(address) })), TimeProvider.System);

        await Assert.ThrowsAsync<EgressDeniedException>(
            () => door.PostFormAsync(new($"https://login.example.com:{endpoint.Address.Port}/token"), Form, authority.RootPem, Cancel));
        Assert.Empty(endpoint.Asked);
    }

    [Fact]
    public async Task A_form_is_posted_and_its_answer_read_and_the_host_is_the_one_of_the_address()
    {
        using LabCertificateAuthority authority = new();
        await using TokenEndpoint endpoint = await TokenEndpoint.StartAsync(authority);

        HttpAnswer answer = await Door(endpoint).PostFormAsync(endpoint.Address, Form, authority.RootPem, Cancel);

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal(Form, Assert.Single(endpoint.Asked));
    }

    [Fact]
    public async Task An_answer_without_an_end_is_a_fault()
    {
        using LabCertificateAuthority authority = new();
        await using TokenEndpoint endpoint = await TokenEndpoint.StartAsync(authority);
        endpoint.Answer = _ => (200, new string(' ', HttpDoor.LongestAnswer + 1));

        await Assert.ThrowsAsync<ConnectException>(() => Door(endpoint).PostFormAsync(endpoint.Address, Form, authority.RootPem, Cancel));
    }

    [Fact]
    public async Task A_certificate_that_leads_to_no_root_of_ours_ends_the_call()
    {
        using LabCertificateAuthority authority = new();
        await using TokenEndpoint endpoint = await TokenEndpoint.StartAsync(authority);

        Exception refused = await Assert.ThrowsAnyAsync<Exception>(() => Door(endpoint).PostFormAsync(endpoint.Address, Form, trustedCertificates: null, Cancel));

        Assert.Contains("localhost", refused.Message, StringComparison.Ordinal);
        Assert.Empty(endpoint.Asked);
    }

    [Fact]
    public async Task Nothing_goes_out_in_clear_or_to_another_port()
    {
        HttpDoor door = new(EgressPolicy.Commercial(), new Dialer(TimeProvider.System), TimeProvider.System);
        foreach (string address in (string[])["http://localhost/token", "https://localhost:8443/token", "ftp://localhost/x"])
            await Assert.ThrowsAsync<EgressDeniedException>(() => door.PostFormAsync(new(address), Form, null, Cancel));
    }

    private static HttpDoor Door(TokenEndpoint endpoint) => new(
        EgressPolicy.Commercial(new() { AdditionalPorts = [endpoint.Address.Port], AllowLoopbackAndPrivateServers = true }), new Dialer(TimeProvider.System), TimeProvider.System);
}
