using System.Buffers.Text;

namespace EmailSync.Protocols.Pop3;

/// <summary>
/// Takes a decimal number and the blanks behind it off the front of a line: ASCII digits only, no sign, at most 19 of them, nothing that
/// overflows. One space is the rule, several are met in the field (thunderbird-android 323).
/// </summary>
internal static class Numbers
{
    private const int MostDigits = 19;

    public static bool TryTakeMessageNumber(ref ReadOnlySpan<byte> line, out int number) =>
        TryTakeMessageCount(ref line, out number) && number > 0;

    public static bool TryTakeMessageCount(ref ReadOnlySpan<byte> line, out int count)
    {
        bool isNumber = TryTakeOctets(ref line, out long value) && value <= int.MaxValue;
        count = isNumber ? (int)value : 0;
        return isNumber;
    }

    public static bool TryTakeOctets(ref ReadOnlySpan<byte> line, out long octets)
    {
        int digits = line.IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        if (digits < 0)
            digits = line.Length;
        octets = 0;
        if (digits is 0 or > MostDigits || !Utf8Parser.TryParse(line[..digits], out octets, out _))
            return false;
        ReadOnlySpan<byte> rest = line[digits..];
        if (rest.Length > 0 && rest[0] is not ((byte)' ' or (byte)'\t'))
            return false;
        line = rest.TrimStart(" \t"u8);
        return true;
    }
}
