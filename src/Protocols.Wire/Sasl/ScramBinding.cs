using System.Runtime.InteropServices;
using System.Security.Authentication.ExtendedProtection;

namespace EmailSync.Protocols.Wire.Sasl;

/// <summary>
/// The channel binding flag of SCRAM (RFC 5802 section 6), and with <c>p</c> the data that are bound.
/// </summary>
/// <remarks>
/// The type is <c>tls-server-end-point</c> (RFC 5929 section 4): a hash of the server's certificate, which proves that nobody with
/// another certificate stands between. .NET 10 has no way to export keying material from <c>SslStream</c>, so <c>tls-exporter</c>
/// (RFC 9266) cannot be had; <c>tls-unique</c> is undefined for TLS 1.3, and safe in TLS 1.2 only with an extension of which
/// <c>SslStream</c> does not tell (RFC 7677 section 4), so it is not used.
/// </remarks>
public sealed class ScramBinding
{
    private const string EndPointType = "tls-server-end-point";

    private ScramBinding(string flag, byte[] data) => (Flag, Data) = (flag, data);

    /// <summary><c>n</c>: the client does not bind, because it cannot or because it was told not to.</summary>
    public static ScramBinding None { get; } = new("n", []);

    /// <summary>
    /// <c>y</c>: the client could bind, and the server has offered no -PLUS. A server that did offer it learns from this that somebody
    /// shortened its list, and ends the exchange.
    /// </summary>
    public static ScramBinding NotOffered { get; } = new("y", []);

    /// <summary>This binds.</summary>
    public bool IsBound => Data.Length > 0;

    /// <summary>gs2-cbind-flag (section 7).</summary>
    internal string Flag { get; }

    /// <summary>cbind-data, without the type.</summary>
    internal byte[] Data { get; }

    /// <summary><c>p</c>: binds to the server's certificate.</summary>
    /// <param name="endPoint">What a session's <c>GetChannelBinding</c> gave.</param>
    /// <exception cref="ArgumentException">It is not of the type tls-server-end-point.</exception>
    public static ScramBinding To(ChannelBinding endPoint)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        return To(ApplicationData(endPoint));
    }

    /// <summary><c>p</c>, with data that is known already.</summary>
    /// <param name="applicationData">The type, a colon, and the data.</param>
    internal static ScramBinding To(ReadOnlySpan<byte> applicationData)
    {
        ReadOnlySpan<byte> prefix = "tls-server-end-point:"u8;
        if (!applicationData.StartsWith(prefix) || applicationData.Length == prefix.Length)
            throw new ArgumentException($"The channel binding is not of the type {EndPointType}", nameof(applicationData));
        return new($"p={EndPointType}", applicationData[prefix.Length..].ToArray());
    }

    /// <summary>
    /// The platform wraps the data in a SEC_CHANNEL_BINDINGS, eight numbers of 32 bits, on Windows and elsewhere: the last two are
    /// the length of the data and where they begin.
    /// </summary>
    private static byte[] ApplicationData(ChannelBinding binding)
    {
        const int HeaderSize = 32;
        bool isHeld = false;
        try
        {
            binding.DangerousAddRef(ref isHeld);
            nint header = binding.DangerousGetHandle();
            if (binding.Size < HeaderSize)
                throw new ArgumentException("The channel binding is shorter than its header", nameof(binding));
            int length = Marshal.ReadInt32(header, 24);
            int offset = Marshal.ReadInt32(header, 28);
            if (length < 0 || offset < HeaderSize || offset > binding.Size - length)
                throw new ArgumentException("The channel binding's header is wrong about its size", nameof(binding));
            byte[] data = new byte[length];
            Marshal.Copy(header + offset, data, 0, length);
            return data;
        }
        finally
        {
            if (isHeld)
                binding.DangerousRelease();
        }
    }
}
