using System.Collections.Concurrent;
using System.Globalization;
using EmailSync.Appliance.Egress;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;
using EmailSync.Protocols.Wire;

namespace EmailSync.Appliance.Processing;

/// <summary>
/// Access tokens of profiles and mailboxes: asked for once however many wait, kept until shortly before they expire, thrown away when a server
/// refuses one. A new refresh token is durable before the access token that came with it is used.
/// </summary>
public sealed class AccessTokens(IStore store, HttpDoor door, TimeProvider clock)
{
    /// <summary>An access token is renewed so long before it expires, or a fifth of its life where that is shorter.</summary>
    public static readonly TimeSpan RenewAhead = TimeSpan.FromMinutes(5);

    /// <summary>A refresh token that dies within this time is warned of.</summary>
    public static readonly TimeSpan WarnAhead = TimeSpan.FromDays(14);

    // The servers are in the key: a token that was asked for is for them, and for no server that the profile is given later.
    private readonly ConcurrentDictionary<(string Owner, OAuthClient Client, ServerLocation? Incoming, ServerLocation? Outgoing), Holder> _holders = [];

    /// <summary>A token to sign in with.</summary>
    /// <param name="profile">Says how tokens are obtained.</param>
    /// <param name="mailbox">Whose session it is for.</param>
    /// <param name="isProfiles">The credentials are the profile's, and so is its refresh token.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="NotReadyException">A secret is missing.</exception>
    /// <exception cref="SignInRefusedException">The token endpoint refused.</exception>
    /// <exception cref="SessionOpeningException">The token endpoint could not be reached.</exception>
    public async ValueTask<Secret> GetAsync(EmailServerProfile profile, Mailbox mailbox, bool isProfiles, CancellationToken cancellationToken)
    {
        Holder holder = HolderOf(profile, mailbox, isProfiles);
        if (holder.Current is { } fresh && clock.GetUtcNow() < fresh.RenewAt)
            return fresh.Token;

        // One asks, and the others wait for what it gets.
        await holder.Gate.WaitAsync(cancellationToken);
        try
        {
            if (holder.Current is { } meanwhile && clock.GetUtcNow() < meanwhile.RenewAt)
                return meanwhile.Token;
            holder.Current = await AskAsync(profile, mailbox, isProfiles, cancellationToken);
            return holder.Current.Token;
        }
        catch (Exception failure) when (IsPassing(failure) && holder.Current is { } old && clock.GetUtcNow() < old.ExpiresAt)
        {
            return old.Token;
        }
        finally
        {
            holder.Gate.Release();
        }
    }

    /// <summary>A server refused this token: it is not used again. Returns whether another can be asked for, which is so for one that was kept.</summary>
    public bool Invalidate(EmailServerProfile profile, Mailbox mailbox, bool isProfiles, Secret refused)
    {
        Holder holder = HolderOf(profile, mailbox, isProfiles);
        if (holder.Current is not { } current || current.Token.Reveal() != refused.Reveal())
            return true;
        holder.Current = null;
        // One that is only just asked for is as good as the next would be.
        return clock.GetUtcNow() - current.ObtainedAt > TimeSpan.FromMinutes(1);
    }

    private Holder HolderOf(EmailServerProfile profile, Mailbox mailbox, bool isProfiles) => _holders.GetOrAdd(
        (profile.OAuth!.Flow == OAuthFlow.ClientCredentials || isProfiles ? profile.Id.ToString() : mailbox.Id.ToString(), profile.OAuth, profile.Incoming.Location, profile.Outgoing.Location),
        _ => new());

    private static bool IsPassing(Exception failure) => failure is SessionOpeningException or SignInRefusedException { AreCredentialsWrong: false };

    private async Task<Held> AskAsync(EmailServerProfile profile, Mailbox mailbox, bool isProfiles, CancellationToken cancellationToken)
    {
        OAuthClient client = profile.OAuth!;
        bool refreshes = client.Flow == OAuthFlow.RefreshToken;
        SecretName refreshName = isProfiles ? SecretName.Of(profile.Id, SecretKind.RefreshToken) : SecretName.RefreshTokenOf(mailbox.Id);
        Dictionary<string, string> form = new() { ["grant_type"] = refreshes ? "refresh_token" : "client_credentials", ["client_id"] = client.ClientId };
        if (client.Scope is { } scope)
            form["scope"] = scope;
        Secret? clientSecret = await store.Secrets.RevealAsync(SecretName.Of(profile.Id, SecretKind.ClientSecret), cancellationToken);
        if (clientSecret is { } own)
            form["client_secret"] = own.Reveal();
        else if (!refreshes)
            throw new NotReadyException($"The profile '{profile.Name}' has no oauthClientSecret; set it.");
        Secret? used = null;
        if (refreshes)
        {
            Secret refreshToken = await store.Secrets.RevealAsync(refreshName, cancellationToken)
                ?? throw new NotReadyException(isProfiles
                    ? $"The profile '{profile.Name}' has no oauthRefreshToken; set it."
                    : $"The mailbox {mailbox.EmailAddress} has no refreshToken; set it.");
            form["refresh_token"] = refreshToken.Reveal();
            used = refreshToken;
        }

        HttpAnswer answer;
        try
        {
            answer = await door.PostFormAsync(client.TokenEndpoint, form, profile.TrustedCertificates, cancellationToken);
        }
        catch (Exception unreachable) when (unreachable is IOException or TimeoutException)
        {
            throw new SessionOpeningException(unreachable);
        }

        TokenAnswer granted = TokenAnswer.Read(answer, client.TokenEndpoint.Host, form.Where(field => field.Key is "client_secret" or "refresh_token").Select(field => field.Value));
        // Where it was forgotten meanwhile, because the profile has another server now, its successor is not for that server either.
        if (refreshes && granted.RefreshToken is { } next)
            await store.Secrets.SetAsync(refreshName, next, cancellationToken, inPlaceOf: used);
        if (refreshes)
            await WarnAsync(isProfiles ? AlertSubject.Of(profile.Id) : AlertSubject.Of(mailbox.Id), granted.RefreshTokenLifetime, cancellationToken);
        DateTimeOffset now = clock.GetUtcNow();
        TimeSpan ahead = TimeSpan.FromTicks(Math.Min(RenewAhead.Ticks, granted.Lifetime.Ticks / 5));
        return new(granted.Token, now, now + granted.Lifetime - ahead, now + granted.Lifetime);
    }

    // Raised here and not by the alert book: that a session worked does not make the refresh token live longer.
    private async Task WarnAsync(AlertSubject subject, TimeSpan? left, CancellationToken cancellationToken)
    {
        AlertEntry entry = AlertCatalog.RefreshTokenExpires;
        if (left is { } time && time < WarnAhead)
        {
            if ((await store.Settings.ReadAsync(cancellationToken)).Alerts(entry.Level))
                await store.Alerts.RaiseAsync(entry, subject, $"It dies on {(clock.GetUtcNow() + time).ToString("yyyy-MM-dd HH:mm'Z'", CultureInfo.InvariantCulture)}.", cancellationToken);
        }
        else
        {
            await store.Alerts.ResolveAsync(subject, [entry.Code], cancellationToken);
        }
    }

    private sealed record Held(Secret Token, DateTimeOffset ObtainedAt, DateTimeOffset RenewAt, DateTimeOffset ExpiresAt);

    private sealed class Holder
    {
        public SemaphoreSlim Gate { get; } = new(1, 1);

        public volatile Held? Current;
    }
}
