using EmailSync.Protocols.Pop3;

namespace EmailSync.Conformance;

internal static class Maildrops
{
    /// <summary>The maildrop of an account, signed in over implicit TLS, with its capabilities known.</summary>
    public static async Task<Maildrop> OpenAsync(IMaildropHost host, Account account, Pop3Options? options = null)
    {
        CancellationToken cancelled = TestContext.Current.CancellationToken;
        Pop3Session session = await host.OpenAsync(Encryption.Implicit, options);
        await session.CapabilitiesAsync(cancelled);
        return await session.LogInAsync(account.Name, new(account.Password), cancelled);
    }
}
