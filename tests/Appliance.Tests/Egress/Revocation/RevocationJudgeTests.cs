using System.Security.Cryptography.X509Certificates;
using EmailSync.Appliance.Egress;
using EmailSync.Appliance.Model;
using EmailSync.Protocols.Testing;
using Microsoft.Extensions.Time.Testing;

namespace EmailSync.Appliance.Tests.Egress.Revocation;

/// <summary>
/// C-05, X-08: a chain is judged by its issuers' lists. What they cannot tell is refused, and nothing goes anywhere that the policy does not admit.
/// </summary>
public sealed class RevocationJudgeTests : IAsyncLifetime
{
    private const string OfRoot = "crl.example.com/root.crl";
    private const string OfIntermediate = "crl.example.com/intermediate.crl";

    private static readonly EgressPolicy Government = EgressPolicy.Government(admitsHttpForRevocationLists: true);

    private readonly FakeTimeProvider _clock = new(DateTimeOffset.UtcNow);
    private readonly Issuer _root = Issuer.Root();
    private readonly Issuer _intermediate;
    private readonly X509Certificate2 _leaf;
    private readonly ListWeb _web = new();
    private readonly RevocationJudge _judge;

    public RevocationJudgeTests()
    {
        _intermediate = _root.Under("Test Intermediate", "http://" + OfRoot);
        _leaf = _intermediate.Issue("http://" + OfIntermediate);
        _judge = new(_web, _clock);
        _web.Publish(OfRoot, () => _root.List(Now));
        _web.Publish(OfIntermediate, () => _intermediate.List(Now));
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private DateTimeOffset Now => _clock.GetUtcNow();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _web.DisposeAsync();
        _leaf.Dispose();
        _intermediate.Dispose();
        _root.Dispose();
    }

    [Fact]
    public async Task A_chain_of_which_nothing_is_revoked_is_taken_and_each_list_asked_for_once()
    {
        for (int connection = 0; connection < 1000; connection++)
            Assert.Null(await JudgeAsync());

        Assert.Equal(["GET " + OfIntermediate, "GET " + OfRoot], _web.Asked);
        Assert.All(_web.Dialed, route => Assert.Equal((new(HostName.Parse("crl.example.com"), 80, TlsMode.None), false), (route.Location, route.ChecksRevocation)));
    }

    [Fact]
    public async Task A_list_is_asked_for_again_when_the_next_is_due()
    {
        Assert.Null(await JudgeAsync());
        _clock.Advance(TimeSpan.FromDays(7) - TimeSpan.FromSeconds(2));
        Assert.Null(await JudgeAsync());
        Assert.Equal(2, _web.Asked.Count);

        _web.Publish(OfIntermediate, () => _intermediate.List(Now, _leaf));
        _clock.Advance(TimeSpan.FromSeconds(2));

        Assert.StartsWith("was revoked: it is in the list at http://crl.example.com/intermediate.crl of ", await JudgeAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_revoked_certificate_is_refused()
    {
        _web.Publish(OfIntermediate, () => _intermediate.List(Now, _leaf));

        Assert.Equal($"was revoked: it is in the list at http://{OfIntermediate} of {Now:u}", await JudgeAsync());
    }

    [Fact]
    public async Task A_revoked_issuer_is_refused_also_where_the_rest_cannot_be_checked()
    {
        _web.Publish(OfIntermediate, ListWeb.Answer(404, []));
        _web.Publish(OfRoot, () => _root.List(Now, _intermediate.Certificate));

        Assert.Equal($"(through its issuer CN=Test Intermediate) was revoked: it is in the list at http://{OfRoot} of {Now:u}", await JudgeAsync());
    }

    [Fact]
    public async Task A_root_is_taken_back_by_nobody()
    {
        Assert.Null(await _judge.WhyRefusedAsync(Government, [_root.Certificate], Cancel));
        Assert.Empty(_web.Dialed);
    }

    [Fact]
    public async Task Without_the_operator_s_leave_nothing_goes_out_over_HTTP_and_the_refusal_names_the_switch()
    {
        string? refused = await _judge.WhyRefusedAsync(EgressPolicy.Government(), Chain(_leaf), Cancel);

        Assert.Equal(
            $"could not be checked for revocation: The revocation list at http://{OfIntermediate} is not fetched: HTTP is not admitted by the government egress "
            + "policy. The operator of this appliance admits it with AllowHttpForRevocationLists, on port 80 and for revocation lists alone",
            refused);
        Assert.Empty(_web.Dialed);
    }

    [Fact]
    public async Task Over_HTTPS_a_list_is_had_without_anybody_s_leave_and_nobody_asks_whether_its_server_is_revoked()
    {
        using X509Certificate2 leaf = _root.Issue("https://" + OfRoot);

        Assert.Null(await _judge.WhyRefusedAsync(EgressPolicy.Government(), [leaf, _root.Certificate], Cancel));

        Route route = Assert.Single(_web.Dialed);
        Assert.Equal((443, TlsMode.Implicit, false), (route.Location.Port, route.Location.Security, route.ChecksRevocation));
        Assert.Contains("BEGIN CERTIFICATE", route.Options.TrustedCertificates, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://127.0.0.1/a.crl", "The address 127.0.0.1 is on this machine")]
    [InlineData("https://127.0.0.1/a.crl", "The address 127.0.0.1 is on this machine")]
    [InlineData("http://169.254.169.254/latest/meta-data", "The address 169.254.169.254 is link-local")]
    [InlineData("http://[::ffff:169.254.169.254]/a", "is link-local")]
    [InlineData("http://[fd00:ec2::254]/a", "is link-local")]
    [InlineData("http://2130706433/a.crl", "The address 127.0.0.1 is on this machine")]
    [InlineData("http://crl.example.com:8080/a.crl", "HTTP to port 8080 is not admitted")]
    [InlineData("https://crl.example.com:8443/a.crl", "HTTPS to port 8443 is not admitted")]
    [InlineData("http://crl.example.com:25/a.crl", "HTTP to port 25 is not admitted")]
    [InlineData("http://user:word@crl.example.com/a.crl", "A user or a fragment has no place in it")]
    [InlineData("http://crl.example.com/a.crl#x", "A user or a fragment has no place in it")]
    [InlineData("ftp://crl.example.com/a.crl", "It names no list")]
    [InlineData("file:///etc/passwd", "It names no list")]
    [InlineData("ldap://crl.example.com/cn=x?certificateRevocationList", "It names no list")]
    [InlineData("gopher://crl.example.com/", "It names no list")]
    [InlineData("/a.crl", "It names no list")]
    [InlineData("http://", "It names no list")]
    [InlineData("http://crl.example.com:99999/", "It names no list")]
    public async Task Nothing_goes_where_a_certificate_has_no_business_to_send_us(string address, string reason)
    {
        using X509Certificate2 leaf = _root.Issue(address);

        string? refused = await _judge.WhyRefusedAsync(Government, [leaf, _root.Certificate], Cancel);

        Assert.StartsWith("could not be checked for revocation: ", refused, StringComparison.Ordinal);
        Assert.Contains(reason, refused, StringComparison.Ordinal);
        Assert.Empty(_web.Dialed);
    }

    [Theory]
    [InlineData("http://%C3%A9xample.com/a.crl"), InlineData("http://crl.example.com/\r\nX-Injected: yes"), InlineData("http://crl.example.com\r\nX: y/")]
    [InlineData("http://crl.example.com%0d%0aX:y/a"), InlineData("http://a b/c"), InlineData("http://crl.example.com/%00"), InlineData("http://exa_mple.com/x")]
    public async Task An_address_of_odd_octets_is_asked_for_without_harm_or_not_at_all(string address)
    {
        using X509Certificate2 leaf = _root.Issue(address);

        Assert.StartsWith("could not be checked for revocation: ", await _judge.WhyRefusedAsync(Government, [leaf, _root.Certificate], Cancel), StringComparison.Ordinal);
        Assert.DoesNotContain(_web.Asked, asked => asked.Contains('\n', StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_certificate_that_names_no_list_cannot_be_checked()
    {
        using X509Certificate2 leaf = _root.Issue();

        Assert.Equal(
            "could not be checked for revocation: It names no list of its issuer's that can be had over HTTP or HTTPS",
            await _judge.WhyRefusedAsync(Government, [leaf, _root.Certificate], Cancel));
    }

    [Fact]
    public async Task Of_several_addresses_the_first_that_answers_is_enough_and_no_more_than_four_are_tried()
    {
        using X509Certificate2 third = _root.Issue("http://a.example.com/", "http://b.example.com/", "http://" + OfRoot);
        Assert.Null(await _judge.WhyRefusedAsync(Government, [third, _root.Certificate], Cancel));

        using X509Certificate2 many = _root.Issue([.. Enumerable.Range(0, 16).Select(number => $"http://n{number}.example.com/")]);
        Assert.NotNull(await _judge.WhyRefusedAsync(Government, [many, _root.Certificate], Cancel));

        Assert.Equal(4, _web.Asked.Count(asked => asked.StartsWith("GET n", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_list_of_other_certificates_tells_nothing()
    {
        _web.Publish(OfIntermediate, () => _intermediate.List(At(Now).ForPoint("http://crl.example.com/another.crl")));
        Assert.Equal(
            $"could not be checked for revocation: The revocation list at http://{OfIntermediate} speaks of other certificates than this", await JudgeAsync());

        _clock.Advance(TimeSpan.FromDays(8));
        _web.Publish(OfIntermediate, () => _intermediate.List(At(Now).ForSwitch(2)));
        Assert.EndsWith("speaks of other certificates than this", await JudgeAsync(), StringComparison.Ordinal);

        _clock.Advance(TimeSpan.FromDays(8));
        _web.Publish(OfIntermediate, () => _intermediate.List(At(Now).ForPoint("http://" + OfIntermediate)));
        Assert.Null(await JudgeAsync());
    }

    [Fact]
    public async Task A_list_that_is_not_of_today_tells_nothing()
    {
        _web.Publish(OfIntermediate, () => _intermediate.List(Now.AddDays(-7)));
        Assert.Matches(@"^could not be checked for revocation: The revocation list at \S+ is good from \S+ \S+ to \S+ \S+; this machine's clock says ", await JudgeAsync());

        _clock.Advance(RevocationLists.FailureSpan);
        _web.Publish(OfIntermediate, () => _intermediate.List(Now.AddMinutes(1)));
        Assert.Contains(" is good from ", await JudgeAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_no_list_tells_nothing()
    {
        using Issuer impostor = Issuer.Root("Test Intermediate");
        byte[] whole = _intermediate.List(Now);
        foreach ((byte[] octets, string reason) in ((byte[], string)[])
            [
                ([], "is no revocation list in DER"),
                (whole[..^1], "is no revocation list in DER"),
                ("-----BEGIN X509 CRL-----"u8.ToArray(), "is no revocation list in DER"),
                (impostor.List(Now), "is not signed by the certificate's issuer"),
                (_root.List(Now), "is not signed by the certificate's issuer"),
            ])
        {
            _web.Publish(OfIntermediate, () => octets);
            Assert.Equal($"could not be checked for revocation: The revocation list at http://{OfIntermediate} {reason}", await JudgeAsync());
            _clock.Advance(RevocationLists.FailureSpan);
        }
    }

    [Fact]
    public async Task A_redirect_is_not_followed()
    {
        _web.Publish(OfIntermediate, ListWeb.Answer(302, [], "Location: http://169.254.169.254/\r\n"));

        Assert.EndsWith($"http://{OfIntermediate} cannot be had: the answer is 302", await JudgeAsync(), StringComparison.Ordinal);
        Assert.All(_web.Dialed, route => Assert.Equal("crl.example.com", route.Location.Host.Name));
    }

    [Fact]
    public async Task A_list_without_an_end_is_given_up_once_it_is_too_long()
    {
        long sent = 0;
        _web.Publish(OfIntermediate, async (stream, cancellationToken) =>
        {
            await stream.WriteAsync("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"u8.ToArray(), cancellationToken);
            for (byte[] chunk = new byte[64 * 1024]; ; sent += chunk.Length)
                await stream.WriteAsync(chunk, cancellationToken);
        });

        Assert.Contains("The call of crl.example.com came to nothing", await JudgeAsync(), StringComparison.Ordinal);
        Assert.InRange(sent, HttpDoor.LongestRevocationList - 1024 * 1024, HttpDoor.LongestRevocationList + 16 * 1024 * 1024);
    }

    [Fact]
    public async Task A_list_that_says_it_is_too_long_is_not_read()
    {
        _web.Publish(OfIntermediate, async (stream, cancellationToken) =>
        {
            await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"u8.ToArray(), cancellationToken);
            await TlsPeer.HearAsync(stream, cancellationToken);
        });

        Assert.Contains("The call of crl.example.com came to nothing", await JudgeAsync(), StringComparison.Ordinal);
    }

    private Task<string?> JudgeAsync() => _judge.WhyRefusedAsync(Government, Chain(_leaf), Cancel).AsTask();

    private X509Certificate2[] Chain(X509Certificate2 leaf) => [leaf, _intermediate.Certificate, _root.Certificate];

    private static ListContent At(DateTimeOffset issued) => new() { Issued = issued, NextUpdate = issued.AddDays(7) };
}
