// HTTP goes out through here alone, along routes that the policy admitted, by the one dialer.
#pragma warning disable RS0030

using System.Net;

namespace EmailSync.Appliance.Egress;

/// <summary>An answer over HTTPS.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Body">All of it.</param>
public sealed record HttpAnswer(HttpStatusCode Status, byte[] Body);

/// <summary>
/// Calls over HTTPS, such as of a token endpoint: TLS is spoken by the same client as for mail, no redirect is followed, no proxy and no cookie
/// is used, and an answer has an end.
/// </summary>
public sealed class HttpDoor(EgressPolicy policy, IDialer dialer, TimeProvider clock)
{
    /// <summary>For a whole call.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Octets of an answer; a longer one is a fault of the server.</summary>
    public const int LongestAnswer = 64 * 1024;

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
        // The handler is told http, because the stream that it gets is encrypted already.
        using HttpClient client = new(handler) { Timeout = System.Threading.Timeout.InfiniteTimeSpan, MaxResponseContentBufferSize = LongestAnswer };
        using HttpRequestMessage request = new(HttpMethod.Post, new UriBuilder(address) { Scheme = Uri.UriSchemeHttp, Port = address.Port }.Uri)
        {
            Content = new FormUrlEncodedContent(form),
        };
        request.Headers.Host = address.Authority;
        request.Headers.Accept.Add(new("application/json"));
        using CancellationTokenSource patience = new(Patience, clock);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
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
            throw new TimeoutException($"{address.Host} did not answer within {Patience.TotalSeconds:0} s.");
        }
    }
}
