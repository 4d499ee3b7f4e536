using System.Text;

namespace EmailSync.Protocols.Wire;

/// <summary>UTF-8 that throws where a text cannot be encoded, or octets are no text, instead of replacing.</summary>
internal static class StrictUtf8
{
    public static readonly UTF8Encoding Encoding = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
}
