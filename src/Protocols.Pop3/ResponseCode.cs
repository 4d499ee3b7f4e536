using System.Text;

namespace EmailSync.Protocols.Pop3;

/// <summary>
/// The bracketed code at the start of a response's text: what the server means, for programs (RFC 2449 section 8, RFC 3206). Codes are
/// hierarchical; act on the part that is known: <c>code.IsWithin(ResponseCode.SysTemp)</c> holds for <c>SYS/TEMP/DISK</c> too.
/// </summary>
public readonly record struct ResponseCode
{
    /// <summary>LOGIN-DELAY: too soon after the last sign-in; the credentials were not judged.</summary>
    public static readonly ResponseCode LoginDelay = new("LOGIN-DELAY");

    /// <summary>IN-USE: the credentials were right, another session holds the maildrop.</summary>
    public static readonly ResponseCode InUse = new("IN-USE");

    /// <summary>SYS/TEMP: the server's trouble, which will pass.</summary>
    public static readonly ResponseCode SysTemp = new("SYS/TEMP");

    /// <summary>SYS/PERM: the server's trouble, which needs people.</summary>
    public static readonly ResponseCode SysPerm = new("SYS/PERM");

    /// <summary>AUTH: the credentials are the problem.</summary>
    public static readonly ResponseCode Auth = new("AUTH");

    /// <summary>UTF8: only a session in UTF-8 mode can have this (RFC 6856 section 5).</summary>
    public static readonly ResponseCode Utf8 = new("UTF8");

    private readonly string? _value;

    private ResponseCode(string value) => _value = value;

    /// <summary>The code in upper case, without brackets: <c>SYS/TEMP</c>.</summary>
    public string Value => _value ?? "";

    /// <summary>This is <paramref name="code"/>, or a refinement of it (RFC 3206 section 3).</summary>
    /// <param name="code">The code that means something to the caller.</param>
    public bool IsWithin(ResponseCode code) =>
        Value.StartsWith(code.Value, StringComparison.Ordinal)
        && (Value.Length == code.Value.Length || Value[code.Value.Length] == '/');

    /// <inheritdoc/>
    public override string ToString() => $"[{Value}]";

    /// <summary>The code at the start of a response's text, if it has the form of one: printable ASCII, levels parted by slashes.</summary>
    internal static ResponseCode? Parse(ReadOnlySpan<byte> text)
    {
        if (text is not [(byte)'[', ..])
            return null;
        int end = text.IndexOf((byte)']');
        if (end < 2)
            return null;
        ReadOnlySpan<byte> code = text[1..end];
        return code.ContainsAnyExceptInRange((byte)0x21, (byte)0x7E) || code[0] == '/' || code[^1] == '/' || code.IndexOf("//"u8) >= 0
            ? null
            : new(Encoding.ASCII.GetString(code).ToUpperInvariant());
    }
}
