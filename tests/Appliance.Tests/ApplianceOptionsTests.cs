using EmailSync.Appliance.Egress;
using EmailSync.Appliance.Model;
using Microsoft.Extensions.Configuration;

namespace EmailSync.Appliance.Tests;

public sealed class ApplianceOptionsTests
{
    [Fact]
    public void Everything_can_come_from_the_environment()
    {
        ApplianceOptions options = Read(
            ("EmailSync:GovMode", "true"), ("EmailSync:DataFolder", "/var/lib/emailsync"), ("EmailSync:AdditionalPorts:0", "2110"),
            ("EmailSync:MaxConnections", "7"), ("EmailSync:HttpPort", "0"), ("EmailSync:EhloName", "mail.example.com"));

        Assert.True(options.GovMode);
        Assert.Equal("/var/lib/emailsync/control.sock", options.ControlSocketPath.Replace('\\', '/')[^"/var/lib/emailsync/control.sock".Length..]);
        Assert.Equal([2110], options.AdditionalPorts);
        Assert.Equal((7, 0, "mail.example.com"), (options.Scheduler.MaxConnections, options.HttpPort, options.EhloName));
        Assert.Equal("government", options.ChoosePolicy().Name);
    }

    [Theory, InlineData("EmailSync:GovMod"), InlineData("EmailSync:ControlSocketPath"), InlineData("EmailSync:Anything:0")]
    public void A_setting_that_there_is_not_is_refused(string name) =>
        Assert.Contains($"EmailSync:{name.Split(':')[1]} is no setting", Assert.Throws<InvalidOperationException>(() => Read((name, "true"))).Message, StringComparison.Ordinal);

    [Fact]
    public void Retries_have_the_original_s_defaults_and_names()
    {
        Assert.Equal(new RetryRules { MaxMailboxTransientFailures = 10, MailboxBackoffOnTransientError = 300 }, Read().Retries);
        Assert.Equal(
            new RetryRules { MaxMailboxTransientFailures = 3, MailboxBackoffOnTransientError = 60, MaximumEmailDeliveryAttempts = 5 },
            Read(("EmailSync:MaxMailboxTransientFailures", "3"), ("EmailSync:MailboxBackoffOnTransientError", "60"),
                ("EmailSync:MaximumEmailDeliveryAttempts", "5")).Retries);
    }

    [Theory, InlineData(null, true), InlineData("true", true), InlineData("false", false)]
    public void Profiles_without_TLS_are_admitted_unless_the_deployment_says_otherwise(string? setting, bool isAdmitted) =>
        Assert.Equal(isAdmitted, Read([.. setting is null ? Array.Empty<(string, string)>() : [("EmailSync:AllowNonSslEmail", setting)]])
            .ChoosePolicy().Permits(MailService.Pop3, new(HostName.Parse("pop.example.com"), 110, TlsMode.None)));

    [Theory, InlineData(false), InlineData(true)]
    public void Gov_mode_heeds_the_switch_for_private_servers_and_no_other(bool isSwitchOn)
    {
        EgressPolicy policy = Read(
            ("EmailSync:GovMode", "true"), ("EmailSync:AllowLoopbackAndPrivateServers", isSwitchOn ? "true" : "false"),
            ("EmailSync:AllowNonSslEmail", "true"), ("EmailSync:AllowBasicAuthenticationOnNonSecureChannel", "true"),
            ("EmailSync:AllowAnonymousSmtp", "true"), ("EmailSync:AdditionalPorts:0", "2995")).ChoosePolicy();

        Assert.Equal(isSwitchOn, Permits(MailService.Pop3, 995, TlsMode.Implicit));
        Assert.Equal(isSwitchOn, Permits(MailService.Submission, 465, TlsMode.Implicit));
        Assert.False(Permits(MailService.Pop3, 2995, TlsMode.Implicit));
        Assert.False(Permits(MailService.Pop3, 110, TlsMode.None));
        Assert.False(Permits(MailService.Submission, 587, TlsMode.StartTls));

        bool Permits(MailService service, int port, TlsMode security) => policy.Permits(service, new(HostName.Parse("127.0.0.1"), port, security));
    }

    [Theory]
    [InlineData("EmailSync:MaxConnections", "0", "MaxConnections")]
    [InlineData("EmailSync:MaxConnectionsPerHost", "20001", "MaxConnectionsPerHost")]
    [InlineData("EmailSync:AdditionalPorts:0", "65536", "AdditionalPorts")]
    [InlineData("EmailSync:HttpPort", "-1", "HttpPort")]
    [InlineData("EmailSync:DataFolder", "", "DataFolder")]
    [InlineData("EmailSync:DropFolder", " ", "DropFolder")]
    [InlineData("EmailSync:StopTimeoutSeconds", "0", "StopTimeoutSeconds")]
    [InlineData("EmailSync:MaxIdleFactor", "13", "MaxIdleFactor")]
    [InlineData("EmailSync:MaxMailboxTransientFailures", "0", "MaxMailboxTransientFailures")]
    [InlineData("EmailSync:MailboxBackoffOnTransientError", "86401", "MailboxBackoffOnTransientError")]
    [InlineData("EmailSync:MaximumEmailDeliveryAttempts", "0", "MaximumEmailDeliveryAttempts")]
    [InlineData("EmailSync:EmailDeliveryLifetimeHours", "0", "EmailDeliveryLifetimeHours")]
    [InlineData("EmailSync:EmailDeliveryLongestBackoff", "299", "EmailDeliveryLongestBackoff")]
    [InlineData("EmailSync:GovMode", "yes please", "GovMode")]
    [InlineData("EmailSync:EhloName", "my_host\r\nRSET", "EhloName")]
    public void A_wrong_value_is_named(string key, string value, string named) =>
        Assert.Contains(named, Assert.Throws<InvalidOperationException>(() => Read((key, value))).Message, StringComparison.Ordinal);

    [Theory, InlineData("1", true), InlineData("0", false), InlineData("true", true), InlineData("False", false)]
    public void A_switch_is_written_as_the_original_does_or_in_words(string value, bool isOn) =>
        Assert.Equal(isOn, Read(("EmailSync:AllowCredentialsEntryViaNonSecureChannels", value)).AllowCredentialsEntryViaNonSecureChannels);

    [Theory]
    [InlineData("EmailSync:HttpPort", "abc", "EmailSync:HttpPort is 'abc'; give a whole number.")]
    [InlineData("EmailSync:GovMode", "yes", "EmailSync:GovMode is 'yes'; give true or false.")]
    [InlineData("EmailSync:AllowNonSslEmail", "2", "EmailSync:AllowNonSslEmail is '2'; give true or false.")]
    [InlineData("EmailSync:AdditionalPorts:0", "pop", "EmailSync:AdditionalPorts:0 is 'pop'; give a whole number.")]
    [InlineData("EmailSync:AdditionalPorts", "2110", "EmailSync:AdditionalPorts is a list, and '2110' is none; give EmailSync:AdditionalPorts:0, EmailSync:AdditionalPorts:1 and so on.")]
    public void A_value_of_another_kind_is_told_with_what_to_give(string key, string value, string told) =>
        Assert.Equal(told, Assert.Throws<InvalidOperationException>(() => Read((key, value))).Message);

    [Fact]
    public void Nothing_listens_on_HTTP_where_its_port_is_left_empty() => Assert.Null(Read(("EmailSync:HttpPort", "")).HttpPort);

    private static ApplianceOptions Read(params (string Key, string Value)[] values) =>
        ApplianceOptions.Read(new ConfigurationBuilder().AddInMemoryCollection(values.ToDictionary(pair => pair.Key, pair => (string?)pair.Value)).Build());
}
