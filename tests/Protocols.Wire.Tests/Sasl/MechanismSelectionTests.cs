using System.Runtime.InteropServices;
using System.Security.Authentication.ExtendedProtection;
using EmailSync.Protocols.Wire.Sasl;

namespace EmailSync.Protocols.Wire.Tests.Sasl;

/// <summary>Which mechanism is taken, and when none is (threats ).</summary>
public sealed class MechanismSelectionTests
{
    private static readonly SaslCredentials Password = new("u", new("p"));
    private static readonly SaslCredentials Token = new("u", new("t")) { IsToken = true };

    [Theory]
    [InlineData("LOGIN PLAIN", "PLAIN")]
    [InlineData("LOGIN", "LOGIN")]
    [InlineData("PLAIN SCRAM-SHA-1", "SCRAM-SHA-1")]
    [InlineData("PLAIN SCRAM-SHA-1 SCRAM-SHA-256", "SCRAM-SHA-256")]
    [InlineData("SCRAM-SHA-512 SCRAM-SHA-256", "SCRAM-SHA-512")]
    [InlineData("CRAM-MD5 NTLM GSSAPI PLAIN", "PLAIN")]
    public void The_strongest_of_our_order_is_taken_whatever_the_servers_order(string offered, string chosen) =>
        Assert.Equal(chosen, MechanismSelection.Passwords.Choose(Server(offered), Password).Name);

    [Theory]
    [InlineData("SCRAM-SHA-256 SCRAM-SHA-1-PLUS", "SCRAM-SHA-1-PLUS", "p=tls-server-end-point,,")]
    [InlineData("SCRAM-SHA-256 SCRAM-SHA-256-PLUS", "SCRAM-SHA-256-PLUS", "p=tls-server-end-point,,")]
    [InlineData("SCRAM-SHA-256 PLAIN", "SCRAM-SHA-256", "y,,")]
    public async Task Within_TLS_the_flag_tells_the_server_what_it_offered(string offered, string chosen, string header)
    {
        using EndPointBinding binding = new();
        SaslMechanism mechanism = MechanismSelection.Passwords.Choose(Server(offered) with { Binding = binding }, Password);
        Assert.Equal(chosen, mechanism.Name);
        Assert.StartsWith(header, await mechanism.AnswerAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("SCRAM-SHA-256 SCRAM-SHA-256-PLUS", "n,,")]
    [InlineData("SCRAM-SHA-256 SCRAM-SHA-1-PLUS", "n,,")]
    [InlineData("SCRAM-SHA-256 SCRAM-SHA-999-PLUS", "y,,")]
    public async Task Who_will_not_bind_though_it_was_offered_says_so(string offered, string header)
    {
        using EndPointBinding binding = new();
        SaslMechanism mechanism = new MechanismSelection("SCRAM-SHA-256").Choose(Server(offered) with { Binding = binding }, Password);
        Assert.StartsWith(header, await mechanism.AnswerAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public void Without_TLS_there_is_nothing_to_bind_to() =>
        Assert.Equal("SCRAM-SHA-1", MechanismSelection.Passwords.Choose(Server("SCRAM-SHA-256-PLUS SCRAM-SHA-1"), Password).Name);

    // somebody shortened the list.
    [Fact]
    public void A_03_below_the_floor_nothing_is_taken_and_the_error_names_what_was_offered()
    {
        MechanismUnavailableException downgrade = Assert.Throws<MechanismUnavailableException>(
            () => (MechanismSelection.Passwords with { Floor = MechanismStrength.Proving }).Choose(Server("PLAIN LOGIN X-NEW"), Password));
        Assert.Contains("LOGIN (weaker than Proving), PLAIN (weaker than Proving), X-NEW (unknown here)", downgrade.Message, StringComparison.Ordinal);
        Assert.Equal(["LOGIN", "PLAIN", "X-NEW"], downgrade.Offered.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void With_nothing_offered_the_error_says_so() => Assert.Contains(
        "It offers no mechanism at all",
        Assert.Throws<MechanismUnavailableException>(() => MechanismSelection.Passwords.Choose(Server(""), Password)).Message,
        StringComparison.Ordinal);

    //
    [Theory]
    [InlineData("OAUTHBEARER XOAUTH2", false)]
    [InlineData("PLAIN LOGIN SCRAM-SHA-256", true)]
    public void A_token_is_never_sent_as_a_password_nor_a_password_as_a_token(string offered, bool isToken)
    {
        MechanismSelection anything = new("OAUTHBEARER", "XOAUTH2", "SCRAM-SHA-256", "PLAIN", "LOGIN");
        Assert.Throws<MechanismUnavailableException>(() => anything.Choose(Server(offered), isToken ? Token : Password));
    }

    [Theory]
    [InlineData("XOAUTH2 OAUTHBEARER PLAIN", "OAUTHBEARER")]
    [InlineData("XOAUTH2 PLAIN", "XOAUTH2")]
    public void For_a_token_the_standard_comes_first(string offered, string chosen) =>
        Assert.Equal(chosen, MechanismSelection.Tokens.Choose(Server(offered), Token).Name);

    [Theory]
    [InlineData("LOGIN PLAIN", "PLAIN")]
    [InlineData("LOGIN PLAIN SCRAM-SHA-256", "SCRAM-SHA-256")]
    [InlineData("LOGIN", null)]
    public void Only_what_carries_an_authorization_identity_acts_for_another(string offered, string? chosen)
    {
        SaslCredentials master = Password with { AuthorizationIdentity = "somebody" };
        if (chosen is null)
            Assert.Throws<MechanismUnavailableException>(() => MechanismSelection.Passwords.Choose(Server(offered), master));
        else
            Assert.Equal(chosen, MechanismSelection.Passwords.Choose(Server(offered), master).Name);
    }

    [Fact]
    public void A_password_that_cannot_be_prepared_goes_by_what_does_not_prepare_it() =>
        Assert.Equal("PLAIN", MechanismSelection.Passwords.Choose(Server("SCRAM-SHA-256 PLAIN"), new("u", new("a\uE000"))).Name);

    [Theory]
    [InlineData("CRAM-MD5", "CRAM-MD5")]
    [InlineData("EXTERNAL", "EXTERNAL")]
    [InlineData("NTLM", "NTLM")]
    [InlineData("GSSAPI", "GSSAPI")]
    [InlineData("GSS-SPNEGO", "GSS-SPNEGO")]
    public void What_no_order_holds_is_taken_by_name(string name, string chosen)
    {
        SaslMechanism mechanism = new MechanismSelection(name).Choose(Server(name), Password);
        using IDisposable? held = mechanism as IDisposable;
        Assert.Equal(chosen, mechanism.Name);
    }

    [Fact]
    public void An_order_names_what_there_is()
    {
        Assert.Throws<ArgumentException>(() => new MechanismSelection("DIGEST-MD5"));
        Assert.Throws<ArgumentException>(() => new MechanismSelection());
        Assert.Throws<ArgumentException>(() => MechanismSelection.Passwords with { Order = default });
    }

    private static SaslServer Server(string offered) => new("pop", "mail.example.com", 995)
    {
        Mechanisms = offered.Split(' ', StringSplitOptions.RemoveEmptyEntries).ToHashSet(),
    };

    /// <summary>A channel binding as the platform lays it out.</summary>
    private sealed class EndPointBinding : ChannelBinding
    {
        private static readonly byte[] Data = [.. "tls-server-end-point:"u8, 1, 2, 3];

        public EndPointBinding() : base(ownsHandle: true)
        {
            SetHandle(Marshal.AllocHGlobal(Size));
            Marshal.Copy(new byte[32], 0, handle, 32);
            Marshal.WriteInt32(handle, 24, Data.Length);
            Marshal.WriteInt32(handle, 28, 32);
            Marshal.Copy(Data, 0, handle + 32, Data.Length);
        }

        public override int Size => 32 + Data.Length;

        protected override bool ReleaseHandle()
        {
            Marshal.FreeHGlobal(handle);
            return true;
        }
    }
}
