using EmailSync.Appliance.Egress;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Processing;
using EmailSync.Appliance.Store;
using EmailSync.Appliance.Store.Sqlite;
using EmailSync.Appliance.Tests.Store;
using EmailSync.Lab;
using EmailSync.Protocols.Pop3;
using Microsoft.Extensions.Time.Testing;

namespace EmailSync.Appliance.Tests.OAuth;

/// <summary>When tokens are asked for, how often, and what happens to those that a provider or a server refuses.</summary>
public sealed class AccessTokensTests : IAsyncLifetime, IDisposable
{
    private readonly FakeTimeProvider _clock = new(DateTimeOffset.UtcNow);
    private readonly TemporaryFolder _folder = new();
    private readonly LabCertificateAuthority _authority = new();
    private TokenEndpoint _endpoint = null!;
    private SqliteStore _store = null!;
    private AccessTokens _tokens = null!;
    private EmailServerProfile _profile = null!;
    private Mailbox _mailbox = null!;

    private static readonly ServerLocation Elsewhere = new(HostName.Parse("elsewhere.example.com"), 995, TlsMode.Implicit);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _endpoint = await TokenEndpoint.StartAsync(_authority);
        _store = await SqliteStore.OpenAsync(new() { DataFolder = _folder.Path }, _clock, cancellationToken: Cancel);
        _profile = await _store.Profiles.CreateAsync(
            new()
            {
                Name = "p",
                OAuth = new() { TokenEndpoint = _endpoint.Address, ClientId = "client", Scope = "mail" },
                TrustedCertificates = _authority.RootPem,
            },
            Cancel);
        await _store.Secrets.SetAsync(SecretName.Of(_profile.Id, SecretKind.ClientSecret), new("shh"), Cancel);
        _mailbox = await _store.Mailboxes.CreateAsync(new() { Name = "a", EmailAddress = "a@example.com", Profile = _profile.Id }, Cancel);
        EgressPolicy policy = EgressPolicy.Commercial(new() { AdditionalPorts = [_endpoint.Address.Port], AllowLoopbackAndPrivateServers = true });
        _tokens = new(_store, new HttpDoor(policy, new Dialer(_clock), _clock), _clock);
    }

    public async ValueTask DisposeAsync()
    {
        await _store.DisposeAsync();
        await _endpoint.DisposeAsync();
    }

    public void Dispose()
    {
        _authority.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task The_client_asks_for_itself_and_one_token_serves_until_shortly_before_it_expires()
    {
        Assert.Equal("token-1", await GetAsync());
        Assert.Equal("token-1", await GetAsync());
        _clock.Advance(TimeSpan.FromMinutes(54));
        Assert.Equal("token-1", await GetAsync());
        _clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal("token-2", await GetAsync());

        Assert.Equal(
            new Dictionary<string, string> { ["grant_type"] = "client_credentials", ["client_id"] = "client", ["scope"] = "mail", ["client_secret"] = "shh" },
            _endpoint.Asked[0]);
    }

    [Fact]
    public async Task However_many_wait_one_asks()
    {
        TaskCompletionSource gate = new();
        _endpoint.Gate = gate.Task;
        Task<string>[] waiting = [.. Enumerable.Range(0, 20).Select(_ => GetAsync())];
        gate.SetResult();

        Assert.All(await Task.WhenAll(waiting), token => Assert.Equal("token-1", token));
        Assert.Single(_endpoint.Asked);
    }

    [Fact]
    public async Task A_refresh_token_is_replaced_durably_and_its_end_is_warned_of()
    {
        await RefreshAsync();
        _endpoint.Answer = n => (200, $$"""{"access_token":"token-{{n}}","expires_in":"3600","refresh_token":"refresh-{{n}}","refresh_token_expires_in":{{(n == 1 ? 864000 : 8640000)}}}""");

        await GetAsync();
        Assert.Equal("refresh-1", (await _store.Secrets.RevealAsync(SecretName.RefreshTokenOf(_mailbox.Id), Cancel))!.Value.Reveal());
        Alert alert = Assert.Single(await AlertsAsync());
        Assert.Equal(("refresh-token-expires", AlertLevel.Warning), (alert.Code, alert.Level));
        Assert.Contains((_clock.GetUtcNow() + TimeSpan.FromDays(10)).ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture), alert.Text, StringComparison.Ordinal);

        _clock.Advance(TimeSpan.FromHours(1));
        await GetAsync();
        Assert.Equal(("refresh-0", "refresh-1"), (_endpoint.Asked[0]["refresh_token"], _endpoint.Asked[1]["refresh_token"]));
        Assert.Empty(await AlertsAsync());
    }

    [Fact]
    public async Task Where_warnings_are_switched_off_nobody_is_warned_of_a_refresh_token()
    {
        await RefreshAsync();
        await _store.Settings.UpdateAsync(new() { AlertOnWarning = false }, Cancel);
        _endpoint.Answer = n => (200, $$"""{"access_token":"token-{{n}}","expires_in":"3600","refresh_token_expires_in":864000}""");

        await GetAsync();
        Assert.Empty(await AlertsAsync());

        await _store.Settings.UpdateAsync(new() { Version = 1 }, Cancel);
        _clock.Advance(TimeSpan.FromHours(1));
        await GetAsync();
        Assert.Single(await AlertsAsync());
    }

    [Fact]
    public async Task X_05_a_token_that_was_kept_is_for_no_server_that_the_profile_is_given_later()
    {
        Assert.Equal("token-1", await GetAsync());

        _profile = _profile with { Incoming = _profile.Incoming with { Location = Elsewhere } };
        Assert.Equal("token-2", await GetAsync());
    }

    [Fact]
    public async Task X_05_a_refresh_token_that_comes_when_the_profile_has_moved_is_not_kept()
    {
        await RefreshAsync();
        TaskCompletionSource gate = new();
        _endpoint.Gate = gate.Task;
        _endpoint.Answer = _ => (200, """{"access_token":"token","expires_in":3600,"refresh_token":"refresh-1"}""");
        Task<string> asking = GetAsync();
        await _endpoint.IsAsked;
        await _store.Profiles.UpdateAsync(_profile with { Incoming = _profile.Incoming with { Location = Elsewhere } }, Cancel);
        gate.SetResult();
        await asking;

        Assert.Null(await _store.Secrets.RevealAsync(SecretName.RefreshTokenOf(_mailbox.Id), Cancel));
    }

    [Fact]
    public async Task A_token_that_a_server_refused_is_not_used_again()
    {
        string first = await GetAsync();
        _clock.Advance(TimeSpan.FromMinutes(10));

        Assert.True(_tokens.Invalidate(_profile, _mailbox, isProfiles: false, new(first)));
        Assert.Equal("token-2", await GetAsync());
        Assert.False(_tokens.Invalidate(_profile, _mailbox, isProfiles: false, new("token-2")));
    }

    /// <summary>A provider that ended a session, or a person who changed the password: the token that was kept is worth nothing any more.</summary>
    [Fact]
    public async Task Where_a_server_refuses_the_token_that_was_kept_the_session_is_opened_with_a_new_one()
    {
        await using LabServer lab = await LabServer.StartAsync(new() { Authority = _authority }, Cancel);
        (MailSessions sessions, AccessTokens tokens, EmailServerProfile profile) = SessionsAt(lab);
        Mailbox mailbox = _mailbox with { UserName = lab.Mailboxes[0].Address };
        _endpoint.Answer = n => (200, $$"""{"access_token":"{{(n == 1 ? "worthless" : lab.Mailboxes[0].AccessToken)}}","expires_in":3600}""");
        await tokens.GetAsync(profile, mailbox, isProfiles: false, Cancel);
        _clock.Advance(TimeSpan.FromMinutes(10));

        await using Maildrop maildrop = await sessions.OpenMaildropAsync(mailbox, profile, steps: null, Cancel);

        Assert.Equal(2, _endpoint.Asked.Count);
        await maildrop.QuitAsync(Cancel);
    }

    /// <summary>A token that was only just asked for is as good as the next: so the account is not locked by trying on.</summary>
    [Fact]
    public async Task A_new_token_that_is_refused_is_not_followed_by_another()
    {
        await using LabServer lab = await LabServer.StartAsync(new() { Authority = _authority }, Cancel);
        (MailSessions sessions, _, EmailServerProfile profile) = SessionsAt(lab);

        SignInRefusedException refused = await Assert.ThrowsAsync<SignInRefusedException>(
            () => sessions.OpenMaildropAsync(_mailbox with { UserName = lab.Mailboxes[0].Address }, profile, steps: null, Cancel));

        Assert.True(refused.AreCredentialsWrong);
        Assert.Single(_endpoint.Asked);
    }

    [Theory]
    [InlineData(400, """{"error":"invalid_grant","error_description":"expired refresh-0 \r\n now"}""", true)]
    [InlineData(401, """{"error":"invalid_client"}""", true)]
    [InlineData(503, """{"error":"temporarily_unavailable"}""", false)]
    [InlineData(200, "<html>", false)]
    [InlineData(200, """{"access_token":"a\r\nb"}""", false)]
    [InlineData(200, """{"access_token":"x","token_type":"mac"}""", true)]
    [InlineData(200, """{"token":"x"}""", false)]
    [InlineData(200, "[]", false)]
    public async Task A_refusal_says_whether_a_person_is_needed_and_never_a_secret(int status, string json, bool areCredentialsWrong)
    {
        await RefreshAsync();
        _endpoint.Answer = _ => (status, json);

        SignInRefusedException refused = await Assert.ThrowsAsync<SignInRefusedException>(GetAsync);

        Assert.Equal(areCredentialsWrong, refused.AreCredentialsWrong);
        Assert.Contains("localhost", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("refresh-0", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refused.Message);
    }

    [Fact]
    public async Task While_the_provider_is_away_a_token_serves_to_its_end()
    {
        await GetAsync();
        _endpoint.Answer = _ => (500, "{}");
        _clock.Advance(TimeSpan.FromMinutes(58));
        Assert.Equal("token-1", await GetAsync());
        _clock.Advance(TimeSpan.FromMinutes(2));
        await Assert.ThrowsAsync<SignInRefusedException>(GetAsync);
    }

    [Fact]
    public async Task A_provider_that_cannot_be_reached_or_redirects_is_no_sign_in()
    {
        _profile = _profile with { OAuth = _profile.OAuth! with { TokenEndpoint = new(_endpoint.Address, "/moved") } };
        await Assert.ThrowsAsync<SignInRefusedException>(GetAsync);
        Assert.Empty(_endpoint.Asked);

        _profile = _profile with { TrustedCertificates = null };
        SessionOpeningException untrusted = await Assert.ThrowsAsync<SessionOpeningException>(GetAsync);
        Assert.Equal(ErrorClass.CertificateUntrusted, FailureClassifier.Classify(untrusted).Class);
    }

    private (MailSessions Sessions, AccessTokens Tokens, EmailServerProfile Profile) SessionsAt(LabServer lab)
    {
        int port = lab.PortOf(LabService.Pop3s);
        Dialer dialer = new(TimeProvider.System);
        EgressPolicy policy = EgressPolicy.Commercial(new() { AdditionalPorts = [port, _endpoint.Address.Port], AllowLoopbackAndPrivateServers = true });
        AccessTokens tokens = new(_store, new HttpDoor(policy, dialer, _clock), _clock);
        ServerSide incoming = new() { Location = new(HostName.Parse("localhost"), port, TlsMode.Implicit), AuthenticationProtocol = AuthenticationProtocol.OAuth };
        return (new(_store, policy, new SessionOpener(dialer, new SessionSettings()), tokens, new(_clock)), tokens, _profile with { Incoming = incoming });
    }

    private async Task<string> GetAsync() => (await _tokens.GetAsync(_profile, _mailbox, isProfiles: false, Cancel)).Reveal();

    private async Task RefreshAsync()
    {
        _profile = await _store.Profiles.UpdateAsync(_profile with { OAuth = _profile.OAuth! with { Flow = OAuthFlow.RefreshToken } }, Cancel);
        await _store.Secrets.SetAsync(SecretName.RefreshTokenOf(_mailbox.Id), new("refresh-0"), Cancel);
    }

    private ValueTask<IReadOnlyList<Alert>> AlertsAsync() => _store.Alerts.ListAsync(unresolvedOnly: true, AlertSubject.Of(_mailbox.Id), null, 10, Cancel);
}
