// HTTP goes out through here alone, along routes that the policy admitted, by the one dialer.
#pragma warning disable RS0030

using System.Net;

namespace EmailSync.Appliance.Egress;

/// <summary>An answer over HTTP.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Body">All of it.</param>
public sealed record HttpAnswer(HttpStatusCode Status, byte[] Body);

/// <summary>
/// Calls over HTTP, such as of a token endpoint: TLS is spoken by the same client as for mail, no redirect is followed, no proxy and no cookie
/// is used, and an answer has an end.
/// </summary>
public sealed class HttpDoor(EgressPolicy policy, IDialer dialer, TimeProvider clock)
{
    /// <summary>For a whole call.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>For a revocation list, while a connection to a mail server waits for it.</summary>
    public static readonly TimeSpan PatienceForRevocationLists = TimeSpan.FromSeconds(10);

    /// <summary>Octets of an answer; a longer one is a fault of the server.</summary>
    public const int LongestAnswer = 64 * 1024;

    /// <summary>Octets of a revocation list: some 250,000 certificates.</summary>
    public const int LongestRevocationList = 10 * 1024 * 1024;

    /// <summary>Posts a form.</summary>
    /// <param name="address">Where; the policy must admit it.</param>
    /// <param name="form">What.</param>
    /// <param name="trustedCertificates">Roots in PEM beside the system's; null for the system's alone.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="EgressDeniedException">The policy does not admit it; no packet was sent.</exception>
    /// <exception cref="IOException">It did not come to an answer.</exception>
    /// <exception cref="TimeoutException">It did not come to an answer in time.</exception>
    public async Task<HttpAnswer> PostFormAsync(
        Uri address, IReadOnlyDictionary<string, string> form, string? trustedCertificates, CancellationToken cancellationToken)
    {
        Route route = Route.AdmitHttps(policy, address, new() { TrustedCertificates = trustedCertificates });
        using HttpRequestMessage request = new(HttpMethod.Post, Inside(address)) { Content = new FormUrlEncodedContent(form) };
        request.Headers.Accept.Add(new("application/json"));
        return await CallAsync(route, address, request, LongestAnswer, Patience, cancellationToken);
    }

    /// <summary>Gets a revocation list, over HTTP too where the policy admits that.</summary>
    /// <param name="address">Where; the policy must admit it.</param>
    /// <param name="trustedCertificates">Roots in PEM beside the system's, for HTTPS.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="EgressDeniedException">The policy does not admit it; no packet was sent.</exception>
    /// <exception cref="IOException">It did not come to an answer.</exception>
    /// <exception cref="TimeoutException">It did not come to an answer in time.</exception>
    public async Task<HttpAnswer> GetRevocationListAsync(Uri address, string trustedCertificates, CancellationToken cancellationToken)
    {
        Route route = Route.AdmitRevocationList(policy, address, new() { TrustedCertificates = trustedCertificates });
        using HttpRequestMessage request = new(HttpMethod.Get, Inside(address));
        return await CallAsync(route, address, request, LongestRevocationList, PatienceForRevocationLists, cancellationToken);
    }

    // The handler is told http, because the stream that it gets is encrypted already where it must be.
    private static Uri Inside(Uri address) => new UriBuilder(address) { Scheme = Uri.UriSchemeHttp, Port = address.Port }.Uri;

    private async Task<HttpAnswer> CallAsync(
        Route route, Uri address, HttpRequestMessage request, int longest, TimeSpan patience, CancellationToken cancellationToken)
    {
        Exception? failure = null;
        using SocketsHttpHandler handler = new()
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            MaxResponseHeadersLength = 16,
            ConnectCallback = async (_, giveUp) =>
            {
                try
                {
                    return await dialer.DialAsync(route, watcher: null, giveUp);
                }
                catch (Exception own)
                {
                    failure = own;
                    throw;
                }
            },
        };
        using HttpClient client = new(handler) { Timeout = System.Threading.Timeout.InfiniteTimeSpan, MaxResponseContentBufferSize = longest };
        request.Headers.Host = address.Authority;
        using CancellationTokenSource time = new(patience, clock);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(time.Token, cancellationToken);
        try
        {
            using HttpResponseMessage response = await client.SendAsync(request, HttpCompletionOption.ResponseContentRead, either.Token);
            return new(response.StatusCode, await response.Content.ReadAsByteArrayAsync(either.Token));
        }
        catch (HttpRequestException broken)
        {
            if (failure is IOException or TimeoutException)
                System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
            throw new ConnectException($"The call of {address.Host} came to nothing: {broken.Message}", broken);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"{address.Host} did not answer within {patience.TotalSeconds:0} s.");
        }
    }
}
