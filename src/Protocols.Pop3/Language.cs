using EmailSync.Protocols.Wire;

namespace EmailSync.Protocols.Pop3;

/// <summary>One line of LANG (RFC 6856 section 3.2).</summary>
/// <param name="Tag">The language tag, made safe to show.</param>
/// <param name="Description">The language's name in itself, made safe to show; may be empty, and is no longer than <see cref="ServerText.MaxLength"/> characters.</param>
public readonly record struct Language(string Tag, string Description)
{
    internal static Language Parse(ReadOnlySpan<byte> line)
    {
        int space = line.IndexOf((byte)' ');
        return space < 0
            ? new(ServerText.Show(line), "")
            : new(ServerText.Show(line[..space]), ServerText.Show(line[(space + 1)..]));
    }
}
