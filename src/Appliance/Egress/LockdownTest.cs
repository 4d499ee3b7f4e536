using System.Net;
using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Egress;

/// <summary>
/// Asks a policy about everything there is: both services, every port, every TLS mode, and the addresses that must never be reached. What it
/// answers is what the dialer will do, because the dialer asks the same.
/// </summary>
/// <param name="Admitted">What may leave as mail.</param>
/// <param name="HttpsPorts">Where HTTPS may go, which is asked for access tokens.</param>
/// <param name="HttpPorts">Where HTTP may go, for lists of revoked certificates alone.</param>
/// <param name="Asked">How many questions that took.</param>
/// <param name="Faults">What is admitted and must not be; empty where all is well.</param>
public sealed record LockdownTest(
    IReadOnlyList<(MailService Service, int Port, TlsMode Security)> Admitted, IReadOnlyList<int> HttpsPorts, IReadOnlyList<int> HttpPorts, int Asked, IReadOnlyList<string> Faults)
{
    private static readonly IPAddress[] NeverReached = [.. new[]
    {
        "169.254.169.254", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1", "fd00:ec2::254", "fe80::1", "224.0.0.1", "0.0.0.0", "255.255.255.255",
    }.Select(IPAddress.Parse)];

    /// <summary>Runs it.</summary>
    public static LockdownTest Run(EgressPolicy policy)
    {
        HostName host = HostName.Parse("mail.example.com");
        List<(MailService Service, int Port, TlsMode Security)> admitted = [];
        int asked = 0;
        foreach (MailService service in Enum.GetValues<MailService>())
        {
            foreach (TlsMode security in Enum.GetValues<TlsMode>())
            {
                for (int port = 1; port <= IPEndPoint.MaxPort; port++, asked++)
                {
                    if (policy.Permits(service, new(host, port, security)))
                        admitted.Add((service, port, security));
                }
            }
        }

        List<int> https = [];
        List<int> http = [];
        for (int port = 1; port <= IPEndPoint.MaxPort; port++, asked += 2)
        {
            if (policy.WhyNotHttps(new UriBuilder(Uri.UriSchemeHttps, host.Name, port).Uri) is null)
                https.Add(port);
            if (policy.WhyNotRevocationList(new UriBuilder(Uri.UriSchemeHttp, host.Name, port).Uri) is null)
                http.Add(port);
        }

        List<string> faults = [.. NeverReached.Where(address => policy.WhyNot(address) is null).Select(address => $"{address} is admitted")];
        if (policy.IsStrict && !admitted.ToHashSet().SetEquals([(MailService.Pop3, 995, TlsMode.Implicit), (MailService.Submission, 465, TlsMode.Implicit)]))
            faults.Add("more or less is admitted than implicit TLS on 995 and 465");
        if (policy.IsStrict && https is not [443])
            faults.Add("HTTPS is admitted to more or less than 443");
        if (http is not ([] or [80]))
            faults.Add("HTTP is admitted to more than 80");
        return new(admitted, https, http, asked, faults);
    }

    /// <summary>What is admitted, in words.</summary>
    public string Describe() =>
        $"{DescribeMail()}; HTTPS on {string.Join(", ", HttpsPorts)}; {(HttpPorts.Count > 0 ? $"HTTP for revocation lists on {string.Join(", ", HttpPorts)}" : "no HTTP")}";

    private string DescribeMail() => string.Join("; ", Admitted
        .GroupBy(row => (row.Service, row.Security))
        .Select(group => $"{(group.Key.Service == MailService.Pop3 ? "POP3" : "SMTP")} with {group.Key.Security.InWords()} on {string.Join(", ", group.Select(row => row.Port))}"));
}
