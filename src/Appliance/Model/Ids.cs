using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace EmailSync.Appliance.Model;

/// <summary>An email server profile's identity. Text form <c>prf_12</c>.</summary>
public readonly record struct ProfileId(long Value) : IParsable<ProfileId>
{
    /// <inheritdoc />
    public override string ToString() => IdText.Format("prf_", Value);

    /// <inheritdoc />
    public static ProfileId Parse(string s, IFormatProvider? provider) => new(IdText.Parse("prf_", s));

    /// <inheritdoc />
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out ProfileId result)
    {
        bool parsed = IdText.TryParse("prf_", s, out long value);
        result = new(value);
        return parsed;
    }
}

/// <summary>A mailbox's identity. Text form <c>mbx_12</c>.</summary>
public readonly record struct MailboxId(long Value) : IParsable<MailboxId>
{
    /// <inheritdoc />
    public override string ToString() => IdText.Format("mbx_", Value);

    /// <inheritdoc />
    public static MailboxId Parse(string s, IFormatProvider? provider) => new(IdText.Parse("mbx_", s));

    /// <inheritdoc />
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out MailboxId result)
    {
        bool parsed = IdText.TryParse("mbx_", s, out long value);
        result = new(value);
        return parsed;
    }
}

/// <summary>An email's identity, in the order in which emails became durable: the feed's cursor. Text form <c>eml_12</c>.</summary>
public readonly record struct EmailId(long Value) : IParsable<EmailId>
{
    /// <inheritdoc />
    public override string ToString() => IdText.Format("eml_", Value);

    /// <inheritdoc />
    public static EmailId Parse(string s, IFormatProvider? provider) => new(IdText.Parse("eml_", s));

    /// <inheritdoc />
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out EmailId result)
    {
        bool parsed = IdText.TryParse("eml_", s, out long value);
        result = new(value);
        return parsed;
    }
}

/// <summary>An alert's identity. Text form <c>alr_12</c>.</summary>
public readonly record struct AlertId(long Value) : IParsable<AlertId>
{
    /// <inheritdoc />
    public override string ToString() => IdText.Format("alr_", Value);

    /// <inheritdoc />
    public static AlertId Parse(string s, IFormatProvider? provider) => new(IdText.Parse("alr_", s));

    /// <inheritdoc />
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out AlertId result)
    {
        bool parsed = IdText.TryParse("alr_", s, out long value);
        result = new(value);
        return parsed;
    }
}

/// <summary>An API token's identity. Text form <c>tok_12</c>.</summary>
public readonly record struct TokenId(long Value) : IParsable<TokenId>
{
    /// <inheritdoc />
    public override string ToString() => IdText.Format("tok_", Value);

    /// <inheritdoc />
    public static TokenId Parse(string s, IFormatProvider? provider) => new(IdText.Parse("tok_", s));

    /// <inheritdoc />
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out TokenId result)
    {
        bool parsed = IdText.TryParse("tok_", s, out long value);
        result = new(value);
        return parsed;
    }
}

/// <summary>An audit entry's identity, in the order in which changes began. Text form <c>aud_12</c>.</summary>
public readonly record struct AuditId(long Value) : IParsable<AuditId>
{
    /// <inheritdoc />
    public override string ToString() => IdText.Format("aud_", Value);

    /// <inheritdoc />
    public static AuditId Parse(string s, IFormatProvider? provider) => new(IdText.Parse("aud_", s));

    /// <inheritdoc />
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out AuditId result)
    {
        bool parsed = IdText.TryParse("aud_", s, out long value);
        result = new(value);
        return parsed;
    }
}

/// <summary>The text form that all ids share: a prefix that names the kind, and a positive number.</summary>
internal static class IdText
{
    public static string Format(string prefix, long value) => string.Create(CultureInfo.InvariantCulture, $"{prefix}{value}");

    public static long Parse(string prefix, string text) => TryParse(prefix, text, out long value)
        ? value
        : throw new FormatException($"'{text}' is not an id of the form {prefix}1.");

    public static bool TryParse(string prefix, [NotNullWhen(true)] string? text, out long value)
    {
        value = 0;
        return text is not null
            && text.StartsWith(prefix, StringComparison.Ordinal)
            && long.TryParse(text.AsSpan(prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out value)
            && value > 0;
    }
}
