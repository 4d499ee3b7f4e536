namespace EmailSync.RealServers.Tests.Servers;

/// <summary>Those who stand behind Dovecot when somebody signs in by more than a password: each where it is installed.</summary>
internal sealed class SignInServices : IAsyncDisposable
{
    private readonly KerberosRealm? _kerberos;
    private readonly string? _ntlmCommand;

    private SignInServices(KerberosRealm? kerberos, string? ntlmCommand) => (_kerberos, _ntlmCommand) = (kerberos, ntlmCommand);

    public TokenEndpoint Tokens { get; } = new();

    public ClientCertificates Clients { get; } = new();

    /// <summary>The mechanisms that Dovecot can offer because of them, each with a space before it.</summary>
    public string Mechanisms => (_kerberos is null ? "" : " gssapi") + (_ntlmCommand is null ? "" : " ntlm");

    /// <summary>What Dovecot has to be told about them.</summary>
    public string Settings =>
        (_kerberos is null ? "" : $"""
            import_environment = TZ KRB5_CONFIG={_kerberos.Configuration} KRB5RCACHENAME=none:
            auth_krb5_keytab = {_kerberos.KeyTable}
            auth_gssapi_hostname = localhost

            """)
        + (_ntlmCommand is null ? "" : $"""
            auth_use_winbind = yes
            auth_winbind_helper_path = {_ntlmCommand}

            """);

    public static async Task<SignInServices> StartAsync(string folder, IReadOnlyList<string> addresses) => new(
        KerberosRealm.WhyNot is null ? await KerberosRealm.StartAsync(folder, addresses) : null,
        NtlmAuth.WhyNot is null ? await NtlmAuth.PrepareAsync(folder) : null);

    public async ValueTask DisposeAsync()
    {
        if (_kerberos is not null)
            await _kerberos.StopAsync();
        await Tokens.DisposeAsync();
        Clients.Dispose();
    }
}
