using System.Text;
using CsCheck;

namespace EmailSync.Protocols.Smtp.Tests;

/// <summary>RFC 5321 section 4.1.2, RFC 6531 section 3.3, and threats I-01 and I-05.</summary>
public sealed class MailPathTests
{
    [Theory]
    [InlineData("smith@bar.example", "smith@bar.example")]
    [InlineData("Smith.John+tag@Bar.Example", "Smith.John+tag@Bar.Example")]
    [InlineData("!#$%&'*+-/=?^_`{|}~@b", "!#$%&'*+-/=?^_`{|}~@b")]
    [InlineData("a@1.2.3", "a@1.2.3")]
    [InlineData("\"quoted\"@b.example", "quoted@b.example")]
    [InlineData("\"quo\\ted\"@b.example", "quoted@b.example")]
    [InlineData("\"a b\"@b.example", "\"a b\"@b.example")]
    [InlineData("\"a\\\"b\\\\c\"@b.example", "\"a\\\"b\\\\c\"@b.example")]
    [InlineData("\"a@b>c\"@b.example", "\"a@b>c\"@b.example")]
    [InlineData("\"\"@b.example", "\"\"@b.example")]
    [InlineData("a@[192.0.2.1]", "a@[192.0.2.1]")]
    [InlineData("a@[IPv6:2001:db8::1]", "a@[IPv6:2001:db8::1]")]
    [InlineData("a@[IPv6:::ffff:192.0.2.1]", "a@[IPv6:::ffff:192.0.2.1]")]
    [InlineData("postmaster", "postmaster")]
    [InlineData("Postmaster", "Postmaster")]
    [InlineData("a@bücher.example", "a@xn--bcher-kva.example")]
    [InlineData("a@BÜCHER.example", "a@xn--bcher-kva.example")]
    [InlineData("a@例え.テスト", "a@xn--r8jz45g.xn--zckzah")]
    [InlineData("jürgen@b.example", "jürgen@b.example")]
    [InlineData("δοκιμή@παράδειγμα.δοκιμή", "δοκιμή@xn--hxajbheg2az3al.xn--jxalpdlp")]
    [InlineData("\"jür gen\"@b.example", "\"jür gen\"@b.example")]
    public void A_well_formed_mailbox_has_one_form_on_the_wire(string mailbox, string onTheWire)
    {
        Assert.True(MailPath.TryParse(mailbox, out MailPath path));
        Assert.Equal(onTheWire, path.Mailbox);
        Assert.Equal(path, MailPath.Parse(path.Mailbox));
        Assert.Equal(!Ascii.IsValid(onTheWire), path.NeedsSmtpUtf8);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a")]
    [InlineData("a@")]
    [InlineData("@b.example")]
    [InlineData("a@b@c.example")]
    [InlineData("<a@b.example>")]
    [InlineData("@relay.example:a@b.example")]
    [InlineData(".a@b.example")]
    [InlineData("a.@b.example")]
    [InlineData("a..b@b.example")]
    [InlineData("a b@b.example")]
    [InlineData("a,b@b.example")]
    [InlineData("a\u00A0b@b.example")]
    [InlineData("a\u202Eb@b.example")]
    [InlineData("a\uFFFD@b.example")]
    [InlineData("\"a@b.example")]
    [InlineData("\"a\"b@b.example")]
    [InlineData("\"a\\\u00FC\"@b.example")]
    [InlineData("a@b..example")]
    [InlineData("a@.example")]
    [InlineData("a@b.example.")]
    [InlineData("a@-b.example")]
    [InlineData("a@b-.example")]
    [InlineData("a@b_c.example")]
    [InlineData("a@b c.example")]
    [InlineData("a@[192.0.2]")]
    [InlineData("a@[192.0.2.256]")]
    [InlineData("a@[19\u0000.0.2.1]")]
    [InlineData("a@[192.0.2.1")]
    [InlineData("a@[2001:db8::1]")]
    [InlineData("a@[IPv6:192.0.2.1]")]
    [InlineData("a@[IPv6:::1%eth0]")]
    [InlineData("a@#16909060")]
    [InlineData("a@☃.example")]
    [InlineData("a@u\u0308ber.example")]
    [InlineData("a@ｂ.example")]
    [InlineData("a@b\u200D.example")]
    public void What_breaks_the_grammar_is_refused_and_never_repaired(string mailbox)
    {
        Assert.False(MailPath.TryParse(mailbox, out MailPath path));
        Assert.True(path.IsNull);
        FormatException refused = Assert.Throws<FormatException>(() => MailPath.Parse(mailbox));
        Assert.DoesNotContain(refused.Message, char.IsControl);
    }

    // I-01
    [Theory]
    [InlineData("a@b.example>\r\nRCPT TO:<evil@x.example")]
    [InlineData("\"a\r\nRSET\"@b.example")]
    [InlineData("\"a\\\r\\\nRSET\"@b.example")]
    [InlineData("a@b.example\r\n DATA")]
    [InlineData("a\0@b.example")]
    [InlineData("a@b\0.example")]
    [InlineData("a\u007F@b.example")]
    [InlineData("a@[127.0.0.1]\n")]
    [InlineData("postmaster\r\n")]
    [InlineData("a\u0085b@b.example")]
    [InlineData("a@b\u0085c.example")]
    public void I_01_no_control_character_gets_into_a_path(string mailbox) => Assert.False(MailPath.TryParse(mailbox, out _));

    // I-05: these two become CR and LF when a character is cut down to its lower eight bits.
    [Fact]
    public void I_05_characters_are_encoded_and_not_cut()
    {
        MailPath path = MailPath.Parse("\u760D\u760A@b.example");
        Assert.True(path.NeedsSmtpUtf8);
        Assert.Equal("瘍瘊@b.example"u8, Encoding.UTF8.GetBytes(path.Mailbox));
    }

    [Fact]
    public void Half_a_surrogate_pair_is_no_character()
    {
        Assert.False(MailPath.TryParse("a" + '\uD83D' + "@b.example", out _));
        Assert.False(MailPath.TryParse("a@b" + '\uDE00' + ".example", out _));
        Assert.True(MailPath.TryParse("a\uD83D\uDE00@b.example", out _));
    }

    // 4.5.3.1
    [Fact]
    public void I_09_limits_are_in_octets_and_exact()
    {
        string label = new('d', 63);
        Assert.True(MailPath.TryParse(new string('l', 64) + "@b.example", out _));
        Assert.False(MailPath.TryParse(new string('l', 65) + "@b.example", out _));
        Assert.True(MailPath.TryParse(new string('ü', 32) + "@b.example", out _));
        Assert.False(MailPath.TryParse(new string('ü', 33) + "@b.example", out _));
        Assert.True(MailPath.TryParse($"a@{label}", out _));
        Assert.False(MailPath.TryParse($"a@{label}d", out _));
        string domain = $"{label}.{label}.{label}.{new string('d', 60)}";
        Assert.Equal(254, $"a@{domain}".Length);
        Assert.True(MailPath.TryParse($"a@{domain}", out _));
        Assert.False(MailPath.TryParse($"ab@{domain}", out _));
    }

    [Fact]
    public void The_null_path_is_the_default()
    {
        Assert.True(MailPath.Null.IsNull);
        Assert.Equal(default, MailPath.Null);
        Assert.Equal(("", false), (MailPath.Null.ToString(), MailPath.Null.NeedsSmtpUtf8));
        Assert.Throws<ArgumentNullException>(() => MailPath.Parse(null!));
        Assert.False(MailPath.TryParse(null, out _));
    }

    [Fact]
    public void Whatever_is_accepted_is_safe_on_the_wire_and_reads_the_same_again() =>
        Gen.String[Gen.Char["ab.\"\\@<> \r\n\0[]:-_üé例\u0308\uD83D\uDE00\u202E"], 0, 12].Array[1, 3].Select(parts => string.Join('@', parts))
            .Sample(text =>
            {
                if (!MailPath.TryParse(text, out MailPath path))
                    return;
                byte[] octets = new UTF8Encoding(false, true).GetBytes(path.Mailbox);
                Assert.DoesNotContain(octets, octet => octet is < 0x20 or 0x7F);
                Assert.Equal(path, MailPath.Parse(path.Mailbox));
                Assert.InRange(octets.Length, 1, 254);
            }, iter: 20_000);
}
