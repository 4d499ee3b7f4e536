using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Cli.Import;

/// <summary>One mailbox as another program knew it.</summary>
/// <param name="Host">The POP3 server.</param>
/// <param name="Port">Its port.</param>
/// <param name="Security">How the connection is secured.</param>
/// <param name="UserName">Who signs in.</param>
/// <param name="Password">Null where the program did not have it in its file.</param>
/// <param name="Deletes">What was fetched is deleted on the server.</param>
/// <param name="KnownUniqueIds">What was fetched before.</param>
internal sealed record ImportedAccount(
    string Host, int Port, TlsMode Security, string UserName, string? Password, bool Deletes, IReadOnlyList<string> KnownUniqueIds)
{
    /// <summary>The profile that serves it, one for each server.</summary>
    public string ProfileName => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"imported {Host}:{Port}");

    /// <summary>No text form of the password.</summary>
    public override string ToString() => $"{UserName} at {Host}";
}
