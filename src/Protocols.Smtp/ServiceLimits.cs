using System.Globalization;

namespace EmailSync.Protocols.Smtp;

/// <summary>What the server announced by LIMITS that it will refuse (RFC 9422). What is null has no limit that is known.</summary>
/// <param name="Transactions">MAILMAX: the most transactions in a session.</param>
/// <param name="Recipients">RCPTMAX: the most recipients in a transaction.</param>
/// <param name="RecipientDomains">RCPTDOMAINMAX: the most different domains among the recipients of a transaction.</param>
public sealed record ServiceLimits(int? Transactions, int? Recipients, int? RecipientDomains)
{
    // One to six digits, the first no zero (RFC 9422 section 4).
    private const int MostDigits = 6;

    /// <summary>Reads what stands behind the keyword. Unknown limits, and values that are no numbers, are none to keep.</summary>
    internal static ServiceLimits Parse(string? parameters)
    {
        string[] limits = parameters?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [];
        return new(ValueOf("MAILMAX"), ValueOf("RCPTMAX"), ValueOf("RCPTDOMAINMAX"));

        int? ValueOf(string name) => limits
            .Where(limit => limit.StartsWith(name + "=", StringComparison.OrdinalIgnoreCase))
            .Select(limit => Number(limit.AsSpan(name.Length + 1)))
            .FirstOrDefault();
    }

    /// <summary>Which forward-paths one transaction may have: as many as the limits let in, in their order.</summary>
    internal bool[] Admit(IReadOnlyList<MailPath> forwardPaths)
    {
        bool[] isAdmitted = new bool[forwardPaths.Count];
        HashSet<string> domains = new(StringComparer.OrdinalIgnoreCase);
        int count = 0;
        for (int i = 0; i < isAdmitted.Length && count < (Recipients ?? int.MaxValue); i++)
        {
            string domain = forwardPaths[i].Domain;
            if (!domains.Contains(domain) && domains.Count == RecipientDomains)
                continue;
            domains.Add(domain);
            isAdmitted[i] = true;
            count++;
        }
        return isAdmitted;
    }

    private static int? Number(ReadOnlySpan<char> value) =>
        value.Length is > 0 and <= MostDigits && value[0] != '0'
        && int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : null;
}
