using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Tests.Model;

/// <summary>The token in a subject, as answers bring it back.</summary>
public sealed class TrackingTokenTests
{
    [Theory]
    [InlineData("Invoice CRM:0000042", 42)]
    [InlineData("Re: Invoice CRM:0000042", 42)]
    [InlineData("AW: [ext] Invoice CRM:0000042 (urgent)", 42)]
    [InlineData("CRM:0000042", 42)]
    [InlineData("Invoice CRM:0000041 CRM:0000042", 42)]
    [InlineData("Invoice CRM:9999999", 9_999_999)]
    [InlineData("=?utf-8?B?R3LDvMOfZSBDUk06MDAwMDA0Mg==?=", 42)]
    [InlineData("=?iso-8859-1?Q?Gr=FC=DFe_CRM=3A0000042?=", 42)]
    [InlineData("=?utf-8?q?Gr=C3=BC=C3=9Fe_CRM:000?= =?utf-8?q?0042?=", 42)]
    [InlineData(null, null)]
    [InlineData("", null)]
    [InlineData("Invoice", null)]
    [InlineData("Invoice CRM:000042", null)]
    [InlineData("Invoice CRM:00000042", null)]
    [InlineData("Invoice crm:0000042", null)]
    [InlineData("Invoice XCRM:0000042", null)]
    [InlineData("Invoice CRM:\u0661\u0661\u0661\u0661\u0661\u0661\u0661", null)]
    [InlineData("=?utf-8?B?not base64?= =?utf-8?B?!?=", null)]
    [InlineData("=?utf-8?q?CRM:000?= and =?utf-8?q?0042?=", null)]
    public void The_last_token_in_a_subject_is_found(string? subject, int? number) => Assert.Equal(number, TrackingToken.Find(subject));

    [Theory]
    [InlineData("Invoice", 42, "Invoice CRM:0000042")]
    [InlineData("", 42, "CRM:0000042")]
    [InlineData(null, 9_999_999, "CRM:9999999")]
    public void A_token_stands_at_the_end(string? subject, int number, string expected)
    {
        Assert.Equal(expected, TrackingToken.Append(subject, number));
        Assert.Equal(number, TrackingToken.Find(expected));
    }
}
