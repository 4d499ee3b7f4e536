using EmailSync.Appliance.Egress;
using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Tests.Egress;

/// <summary>Every service, every port, every TLS mode, against tables written down a second time.</summary>
public sealed class EgressPolicyTests
{
    private static readonly HostName Host = HostName.Parse("mail.example.com");

    private static readonly string[] GovernmentTable = ["Pop3 995 Implicit", "Submission 465 Implicit"];

    private static readonly string[] CommercialTable =
    [
        "Pop3 110 StartTls", "Pop3 995 Implicit", "Submission 25 StartTls", "Submission 465 Implicit", "Submission 587 StartTls",
    ];

    private static readonly string[] CleartextTable = ["Pop3 110 None", "Submission 25 None", "Submission 587 None"];

    [Theory, InlineData(false), InlineData(true)]
    public void Government_admits_implicit_TLS_on_995_and_465_and_nothing_else(bool admitsLocalAddresses) =>
        Assert.Equal(GovernmentTable, Admitted(EgressPolicy.Government(admitsLocalAddresses)));

    [Fact]
    public void Commercial_admits_the_registered_ports_encrypted() =>
        Assert.Equal(CommercialTable, Admitted(EgressPolicy.Commercial()));

    [Fact]
    public void AllowNonSslEmail_admits_cleartext_on_the_ports_where_it_is_spoken() =>
        Assert.Equal([.. CommercialTable.Concat(CleartextTable).Order(StringComparer.Ordinal)],
            Admitted(EgressPolicy.Commercial(new() { AllowNonSslEmail = true })));

    [Fact]
    public void Additional_ports_are_for_both_services_and_encrypted() =>
        Assert.Equal(
            [.. CommercialTable.Concat(["Pop3 2995 Implicit", "Pop3 2995 StartTls", "Submission 2995 Implicit", "Submission 2995 StartTls"])
                .Order(StringComparer.Ordinal)],
            Admitted(EgressPolicy.Commercial(new() { AdditionalPorts = [2995] })));

    [Fact]
    public void Additional_ports_take_cleartext_too_where_the_operator_allows_it() =>
        Assert.Equal(
            [.. CommercialTable.Concat(CleartextTable)
                .Concat(["Pop3 7 Implicit", "Pop3 7 StartTls", "Pop3 7 None", "Submission 7 Implicit", "Submission 7 StartTls", "Submission 7 None"])
                .Order(StringComparer.Ordinal)],
            Admitted(EgressPolicy.Commercial(new() { AdditionalPorts = [7], AllowNonSslEmail = true })));

    [Fact]
    public void The_tools_at_an_operators_shell_may_go_anywhere() =>
        Assert.Equal(2 * 3 * 65535, Admitted(EgressPolicy.ForTools(govMode: false)).Length);

    [Fact]
    public void Gov_mode_binds_the_tools_too() =>
        Assert.Equal(GovernmentTable, Admitted(EgressPolicy.ForTools(govMode: true)));

    [Fact]
    public void Government_alone_is_strict_about_TLS()
    {
        Assert.True(EgressPolicy.Government(admitsLocalAddresses: true).IsStrict);
        Assert.False(EgressPolicy.Commercial().IsStrict);
        Assert.False(EgressPolicy.ForTools(govMode: false).IsStrict);
    }

    [Fact]
    public void A_refusal_says_what_was_asked_who_refused_and_what_to_do()
    {
        string? reason = EgressPolicy.Commercial().WhyNot(MailService.Pop3, new(Host, 143, TlsMode.None));

        Assert.Equal("POP3 to mail.example.com:143 (no TLS) is not admitted by the commercial egress policy, which admits implicit TLS on 995, "
            + "STARTTLS on 110. The operator of this appliance admits more with AdditionalPorts, AllowNonSslEmail and AllowLoopbackAndPrivateServers.",
            reason);
    }

    [Fact]
    public void A_route_is_what_the_policy_admitted_or_does_not_exist()
    {
        ServerLocation submission = new(Host, 587, TlsMode.StartTls);

        Assert.Same(submission, Route.Admit(EgressPolicy.Commercial(), MailService.Submission, submission).Location);
        EgressDeniedException denied = Assert.Throws<EgressDeniedException>(
            () => Route.Admit(EgressPolicy.Government(), MailService.Submission, submission));
        Assert.Contains("implicit TLS on 465", denied.Message, StringComparison.Ordinal);
    }

    [Theory, InlineData("10.1.2.3"), InlineData("[::1]"), InlineData("169.254.169.254"), InlineData("[::ffff:127.0.0.1]")]
    public void An_address_given_as_the_host_is_judged_when_the_profile_is_saved(string host) =>
        Assert.False(EgressPolicy.Commercial().Permits(MailService.Pop3, new(HostName.Parse(host), 995, TlsMode.Implicit)));

    private static string[] Admitted(EgressPolicy policy) =>
    [
        .. Enum.GetValues<MailService>()
            .SelectMany(service => Enumerable.Range(1, 65535), (service, port) => (service, port))
            .SelectMany(pair => Enum.GetValues<TlsMode>(), (pair, security) => (pair.service, pair.port, security))
            .Where(row => policy.Permits(row.service, new(Host, row.port, row.security)))
            .Select(row => $"{row.service} {row.port} {row.security}")
            .Order(StringComparer.Ordinal),
    ];
}
