namespace EmailSync.RealServers.Tests.Servers;

/// <summary>
/// What Dovecot asks about NTLM: Samba's ntlm_auth, an acceptor that is not ours. No domain is behind it, so it knows one password, which
/// is everybody's.
/// </summary>
internal static class NtlmAuth
{
    public const string Domain = "EXAMPLE.TEST";
    public const string Password = "the password of every NTLM user";

    private const string Program = "/usr/bin/ntlm_auth";

    /// <summary>Why there is none here; null if there can be.</summary>
    public static string? WhyNot => File.Exists(Program) ? null : "Samba's ntlm_auth is not installed (apt-get install winbind)";

    /// <summary>Writes the command that Dovecot is to run.</summary>
    public static async Task<string> PrepareAsync(string parent)
    {
        string folder = Directory.CreateDirectory(Path.Combine(parent, "ntlm")).FullName;
        string state = Directory.CreateDirectory(Path.Combine(folder, "state")).FullName;
        // Dovecot runs it as a user of its own.
        File.SetUnixFileMode(state, (UnixFileMode)0b111_111_111);
        string configuration = Path.Combine(folder, "smb.conf");
        await File.WriteAllTextAsync(configuration, $"""
            [global]
              server role = standalone server
              private dir = {state}
              lock directory = {state}
              state directory = {state}
              cache directory = {state}
              pid directory = {state}
              ncalrpc dir = {state}

            """);
        string command = Path.Combine(folder, "ntlm_auth");
        await File.WriteAllTextAsync(command, $"""
            #!/bin/sh
            exec {Program} "$@" --configfile={configuration} --domain={Domain} --password='{Password}'

            """);
        File.SetUnixFileMode(command, (UnixFileMode)0b111_101_101);
        return command;
    }
}
