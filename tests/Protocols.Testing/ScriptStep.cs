using System.Globalization;
using System.Text;

namespace EmailSync.Protocols.Testing;

internal enum ScriptStepKind { Server, Client, Tls, Hang, Reset }

/// <summary>One line of a transcript.</summary>
internal sealed record ScriptStep(ScriptStepKind Kind, byte[] Octets)
{
    /// <summary>The client can do without this line of the server.</summary>
    public bool IsDispensable { get; private init; }

    public override string ToString() => $"{Kind} {Show(Octets)}";

    public static List<ScriptStep> Parse(string script) =>
        [.. script.ReplaceLineEndings("\n").Split('\n').Select(line => line.TrimStart()).Where(line => line.Length > 0).Select(ParseLine)];

    /// <summary>Octets as a person would write them in a transcript.</summary>
    public static string Show(ReadOnlySpan<byte> octets)
    {
        StringBuilder shown = new("\"");
        foreach (byte octet in octets)
            shown.Append(octet switch
            {
                (byte)'\r' => "\\r",
                (byte)'\n' => "\\n",
                >= 0x20 and < 0x7F => ((char)octet).ToString(),
                _ => $"\\x{octet:X2}",
            });
        return shown.Append('"').ToString();
    }

    private static ScriptStep ParseLine(string line) => line.Trim() switch
    {
        "TLS" => new(ScriptStepKind.Tls, []),
        "HANG" => new(ScriptStepKind.Hang, []),
        "RESET" => new(ScriptStepKind.Reset, []),
        _ => line[..Math.Min(2, line.Length)] switch
        {
            "S:" => new(ScriptStepKind.Server, [.. Unescape(Text(line)), .. "\r\n"u8]),
            "S?" => new(ScriptStepKind.Server, [.. Unescape(Text(line)), .. "\r\n"u8]) { IsDispensable = true },
            "S~" => new(ScriptStepKind.Server, Unescape(Text(line))),
            "C:" => new(ScriptStepKind.Client, [.. Unescape(Text(line)), .. "\r\n"u8]),
            "C~" => new(ScriptStepKind.Client, Unescape(Text(line))),
            _ => throw new FormatException($"Not a step of a transcript: {line}"),
        },
    };

    private static string Text(string line) => line is [_, _, ' ', ..] ? line[3..] : line[2..];

    private static byte[] Unescape(string text)
    {
        List<byte> octets = [];
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] != '\\')
            {
                int length = char.IsSurrogate(text[i]) ? 2 : 1;
                octets.AddRange(Encoding.UTF8.GetBytes(text.Substring(i, length)));
                i += length - 1;
                continue;
            }
            i++;
            switch (text[i])
            {
                case 'r': octets.Add((byte)'\r'); break;
                case 'n': octets.Add((byte)'\n'); break;
                case 't': octets.Add((byte)'\t'); break;
                case '0': octets.Add(0); break;
                case '\\': octets.Add((byte)'\\'); break;
                case 'x':
                    octets.Add(byte.Parse(text.AsSpan(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));
                    i += 2;
                    break;
                default:
                    throw new FormatException($"Not an escape of a transcript: \\{text[i]}");
            }
        }
        return [.. octets];
    }
}
