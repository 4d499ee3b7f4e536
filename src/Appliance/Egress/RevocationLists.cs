using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EmailSync.Appliance.Egress.Revocation;

namespace EmailSync.Appliance.Egress;

/// <summary>A list, or why there is none.</summary>
/// <param name="List">It; null where it could not be had.</param>
/// <param name="WhyNot">Why not, in a sentence.</param>
internal sealed record ListAnswer(RevocationList? List, string? WhyNot);

/// <summary>
/// Fetches lists of revoked certificates and keeps them until the next is due. Who asks for the same one at the same time waits for one fetch,
/// which is given up once nobody waits any more; one that failed is not tried again for a while.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "A semaphore whose wait handle nobody asks for holds nothing that must be given back.")]
internal sealed class RevocationLists(IDialer dialer, TimeProvider clock)
{
    /// <summary>How long a failed fetch is remembered.</summary>
    public static readonly TimeSpan FailureSpan = TimeSpan.FromMinutes(1);

    /// <summary>Answers that are kept.</summary>
    public const int MostAnswers = 256;

    /// <summary>Octets of serial numbers that are kept.</summary>
    public const long MostOctets = 64 * 1024 * 1024;

    // Each may hold a whole list in memory.
    private const int MostFetches = 16;

    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _turns = new(MostFetches);
    private readonly Dictionary<ListName, KeptAnswer> _kept = [];
    private readonly Dictionary<ListName, Fetch> _running = [];
    private long _uses;

    /// <summary>The list that an issuer publishes at an address, current by the clock.</summary>
    /// <param name="policy">Must admit the address.</param>
    /// <param name="address">Where.</param>
    /// <param name="issuer">Who must have signed it.</param>
    /// <param name="root">The end of the issuer's chain, which is trusted over HTTPS too.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async ValueTask<ListAnswer> FindAsync(EgressPolicy policy, Uri address, X509Certificate2 issuer, X509Certificate2 root, CancellationToken cancellationToken)
    {
        if (policy.WhyNotRevocationList(address) is { } denied)
            return new(null, $"The revocation list at {address.AbsoluteUri} is not fetched: {denied}");
        ListName name = new(address.AbsoluteUri, issuer.GetCertHashString(HashAlgorithmName.SHA256));
        Fetch fetch;
        lock (_gate)
        {
            if (_kept.TryGetValue(name, out KeptAnswer? kept) && clock.GetUtcNow() < kept.Until)
            {
                kept.LastUse = ++_uses;
                return kept.Answer;
            }

            if (!_running.TryGetValue(name, out fetch!))
                _running.Add(name, fetch = Begin(new(policy, dialer, clock), name, address, issuer, root));
            fetch.Askers++;
        }

        try
        {
            return await fetch.Answer.WaitAsync(cancellationToken);
        }
        finally
        {
            Leave(name, fetch);
        }
    }

    private void Leave(ListName name, Fetch fetch)
    {
        lock (_gate)
        {
            if (--fetch.Askers > 0)
                return;
            if (_running.GetValueOrDefault(name) == fetch)
                _running.Remove(name);
        }

        fetch.GiveUp.Cancel();
    }

    private Fetch Begin(HttpDoor door, ListName name, Uri address, X509Certificate2 issuer, X509Certificate2 root)
    {
        CancellationTokenSource giveUp = new();
        // The certificates are those of whoever asked first, and a fetch may outlive that.
        byte[] issuerOctets = issuer.RawData;
        string trusted = root.ExportCertificatePem();
        return new(giveUp, Task.Run(() => FetchAsync(door, name, address, issuerOctets, trusted, giveUp.Token), CancellationToken.None));
    }

    private async Task<ListAnswer> FetchAsync(HttpDoor door, ListName name, Uri address, byte[] issuer, string trusted, CancellationToken giveUp)
    {
        await _turns.WaitAsync(giveUp);
        try
        {
            HttpAnswer answer = await door.GetRevocationListAsync(address, trusted, giveUp);
            if (answer.Status != HttpStatusCode.OK)
                return Keep(name, null, $"The revocation list at {address.AbsoluteUri} cannot be had: the answer is {(int)answer.Status}.");
            using X509Certificate2 authority = X509CertificateLoader.LoadCertificate(issuer);
            RevocationList list = RevocationListReader.Read(answer.Body, authority);
            DateTimeOffset now = clock.GetUtcNow();
            return list.Issued > now || list.NextUpdate <= now
                ? Keep(name, null, $"The revocation list at {address.AbsoluteUri} is good from {list.Issued:u} to {list.NextUpdate:u}; this machine's clock says {now:u}.")
                : Keep(name, list, null);
        }
        catch (InvalidDataException wrong)
        {
            return Keep(name, null, $"The revocation list at {address.AbsoluteUri} {wrong.Message}.");
        }
        catch (Exception unreached) when (unreached is IOException or TimeoutException)
        {
            return Keep(name, null, $"The revocation list at {address.AbsoluteUri} cannot be had: {unreached.Message}");
        }
        finally
        {
            _turns.Release();
        }
    }

    private ListAnswer Keep(ListName name, RevocationList? list, string? whyNot)
    {
        ListAnswer answer = new(list, whyNot);
        lock (_gate)
        {
            _running.Remove(name);
            _kept[name] = new(answer, list?.NextUpdate ?? clock.GetUtcNow() + FailureSpan) { LastUse = ++_uses };
            while (_kept.Count > MostAnswers || (_kept.Count > 1 && _kept.Values.Sum(kept => kept.Answer.List?.Octets ?? 0) > MostOctets))
                _kept.Remove(_kept.MinBy(kept => kept.Value.LastUse).Key);
        }

        return answer;
    }

    private readonly record struct ListName(string Address, string Issuer);

    private sealed record KeptAnswer(ListAnswer Answer, DateTimeOffset Until)
    {
        public long LastUse { get; set; }
    }

    private sealed class Fetch(CancellationTokenSource giveUp, Task<ListAnswer> answer)
    {
        public CancellationTokenSource GiveUp => giveUp;

        public Task<ListAnswer> Answer => answer;

        public int Askers { get; set; }
    }
}
