using System.Diagnostics;

namespace EmailSync.Protocols.Wire;

/// <summary>A value that goes out on the wire and nowhere else: in text of any kind it is <c>***</c>.</summary>
[DebuggerDisplay("***")]
public readonly struct Secret(string value)
{
    private readonly string? _value = value;

    /// <summary>The value itself, for an exchange or an encryption, never for a log, an error or an answer.</summary>
    public string Reveal() => _value ?? "";

    /// <summary>Always <c>***</c>.</summary>
    public override string ToString() => "***";
}
