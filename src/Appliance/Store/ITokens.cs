using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Store;

/// <summary>API tokens, of which only hashes are kept.</summary>
public interface ITokens
{
    /// <summary>Stores a new token and returns it with its id.</summary>
    /// <param name="token">What is known of it.</param>
    /// <param name="sha256">Of the token's secret part.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="DuplicateValueException">The name is taken.</exception>
    ValueTask<ApiToken> CreateAsync(ApiToken token, ReadOnlyMemory<byte> sha256, CancellationToken cancellationToken);

    /// <summary>The token and its hash, or null.</summary>
    ValueTask<(ApiToken Token, byte[] Sha256)?> FindAsync(TokenId id, CancellationToken cancellationToken);

    /// <summary>The token of that name, compared without case, or null.</summary>
    ValueTask<ApiToken?> FindByNameAsync(string name, CancellationToken cancellationToken);

    /// <summary>A page in the order of ids, after <paramref name="after"/>.</summary>
    ValueTask<IReadOnlyList<ApiToken>> ListAsync(TokenId? after, int limit, CancellationToken cancellationToken);

    /// <summary>Deletes a token; it opens nothing from then on. False where there is none.</summary>
    ValueTask<bool> DeleteAsync(TokenId id, CancellationToken cancellationToken);
}
