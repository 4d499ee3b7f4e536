using EmailSync.Protocols.Pop3;

namespace EmailSync.Appliance.Processing;

/// <summary>Capabilities that a server announces to everybody, and that hold otherwise for each user (the parameter USER, RFC 2449).</summary>
internal static class UserCapabilities
{
    /// <summary>Asks again, now that somebody has signed in, where that is said of a capability.</summary>
    public static async ValueTask AskAnewAsync(this Maildrop maildrop, string capability, CancellationToken cancellationToken)
    {
        if (maildrop.Capabilities?.Parameters(capability).Contains("USER", StringComparer.OrdinalIgnoreCase) == true)
            await maildrop.CapabilitiesAsync(cancellationToken);
    }
}
