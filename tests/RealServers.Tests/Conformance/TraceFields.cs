using System.Text;

namespace EmailSync.RealServers.Tests.Conformance;

/// <summary>What a server puts in front of a message that it delivers (RFC 5321 section 4.4), and nothing else may have changed.</summary>
internal static class TraceFields
{
    private static readonly string[] Names = ["Return-Path:", "X-Original-To:", "Delivered-To:", "Envelope-to:", "Delivery-date:", "Received:", "\t", " "];

    /// <summary>A file of a Maildir as it was sent: without the trace fields, and with the line ends of the wire.</summary>
    public static byte[] Remove(byte[] file)
    {
        string text = Encoding.Latin1.GetString(file).Replace("\n", "\r\n", StringComparison.Ordinal);
        int position = 0;
        while (Array.Exists(Names, name => text.AsSpan(position).StartsWith(name)))
            position = text.IndexOf('\n', position) + 1;
        return Encoding.Latin1.GetBytes(text[position..]);
    }
}
