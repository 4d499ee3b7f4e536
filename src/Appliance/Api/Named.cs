using System.Diagnostics.CodeAnalysis;

namespace EmailSync.Appliance.Api;

/// <summary>A value of an enumeration in a query, by the name it has in JSON: <c>pending-send</c>.</summary>
[SuppressMessage("Design", "CA1000", Justification = "IParsable asks for them, and route binding for IParsable.")]
public readonly record struct Named<T>(T Value) : IParsable<Named<T>> where T : struct, Enum
{
    /// <inheritdoc />
    public static Named<T> Parse(string s, IFormatProvider? provider) =>
        TryParse(s, provider, out Named<T> result) ? result : throw new FormatException($"'{s}' is not a {typeof(T).Name}.");

    /// <inheritdoc />
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out Named<T> result)
    {
        bool isKnown = Enum.TryParse(s?.Replace("-", "", StringComparison.Ordinal), ignoreCase: true, out T value) && Enum.IsDefined(value);
        result = new(value);
        return isKnown;
    }
}
