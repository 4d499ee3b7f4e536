using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace EmailSync.Protocols.Wire.Tls;

/// <summary>What a certificate says, made safe to show: it is text of a stranger until it is trusted.</summary>
internal static class CertificateText
{
    private const int MostNames = 10;

    /// <summary>The text, with control characters escaped and no longer than a line.</summary>
    public static string Shown(string text) => ServerText.Show(Encoding.UTF8.GetBytes(text));

    /// <summary>The DNS names and IP addresses among the subject's alternative names.</summary>
    public static IEnumerable<string> AlternativeNames(X509Certificate2 certificate) =>
        certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().FirstOrDefault() is { } names
            ? names.EnumerateDnsNames().Select(Shown).Concat(names.EnumerateIPAddresses().Select(address => address.ToString()))
            : [];

    /// <summary>The same in one line, the first few of them.</summary>
    public static string NamesOf(X509Certificate2 certificate)
    {
        List<string> names = [.. AlternativeNames(certificate)];
        return names.Count switch
        {
            0 => "no host at all (it has no subject alternative name)",
            > MostNames => $"{string.Join(", ", names.Take(MostNames))} and {names.Count - MostNames} more",
            _ => string.Join(", ", names),
        };
    }

    /// <summary>What the system found wrong with a chain, as far as the given flags go.</summary>
    public static string Reasons(X509Chain chain, X509ChainStatusFlags flags) => string.Join("; ", chain.ChainStatus
        .Where(status => (status.Status & flags) != 0)
        .Select(status => $"{Shown(status.StatusInformation.Trim().TrimEnd('.'))} ({status.Status})")
        .Distinct());
}
