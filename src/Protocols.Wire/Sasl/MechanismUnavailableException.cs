namespace EmailSync.Protocols.Wire.Sasl;

/// <summary>The server offers no mechanism that is acceptable; nothing was sent. Either it is so configured, or somebody shortened its list.</summary>
public sealed class MechanismUnavailableException : NotSupportedException
{
    internal MechanismUnavailableException(string message, IReadOnlySet<string> offered) : base(message) => Offered = offered;

    /// <summary>What the server offered.</summary>
    public IReadOnlySet<string> Offered { get; }
}
