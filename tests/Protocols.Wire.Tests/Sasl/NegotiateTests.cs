using System.Net;
using System.Security.Cryptography;
using System.Text;
using EmailSync.Protocols.Wire.Sasl;

namespace EmailSync.Protocols.Wire.Tests.Sasl;

/// <summary>What of NTLM and Kerberos can be shown without a domain.</summary>
public sealed class NegotiateTests
{
    private static readonly SaslServer Server = new("pop", "mail.example.com", 995);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    /// <summary>The values of MS-NLMP section 4.2.1: user "User", domain "Domain", password "Password".</summary>
    [Fact]
    public async Task Ntlm_answers_the_challenge_with_a_proof_of_the_password()
    {
        using Negotiate ntlm = Negotiate.Ntlm(Server, new NetworkCredential("User", "Password", "Domain"));
        byte[] first = await ntlm.RespondAsync(default, Cancelled);
        Assert.Equal("NTLMSSP\0\u0001\0\0\0", Encoding.ASCII.GetString(first, 0, 12));
        Assert.False(ntlm.IsComplete);

        byte[] serverChallenge = Convert.FromHexString("0123456789ABCDEF");
        byte[] answer = await ntlm.RespondAsync(ChallengeMessage(serverChallenge), Cancelled);
        Assert.Equal("NTLMSSP\0\u0003\0\0\0", Encoding.ASCII.GetString(answer, 0, 12));
        Assert.True(ntlm.IsComplete);

        // NTOWFv2 of section 4.2.4.1.1; the proof is a keyed MD5 of the server's challenge and of what the client adds.
        byte[] responseKey = Convert.FromHexString("0C868A403BFD7A93A3001EF22EF02E3F");
        byte[] response = Field(answer, 20);
        Assert.Equal(
            Convert.ToHexString(KeyedMd5(responseKey, [.. serverChallenge, .. response[16..]])),
            Convert.ToHexString(response[..16]));
        await Assert.ThrowsAsync<ProtocolViolationException>(async () => await ntlm.RespondAsync(default, Cancelled));
    }

    // Samba's ntlm_auth refused what only said that it was whole: who sends a message clears it, and the platform had not done with it.
    [Fact]
    public async Task Ntlm_seals_the_exchange_also_where_what_was_sent_has_been_cleared()
    {
        using Negotiate ntlm = Negotiate.Ntlm(Server, new NetworkCredential("User", "Password", "Domain"));
        byte[] first = await ntlm.RespondAsync(default, Cancelled);
        byte[] sent = [.. first];
        Array.Clear(first);
        byte[] challenge = ChallengeMessage(Convert.FromHexString("0123456789ABCDEF"));
        byte[] answer = await ntlm.RespondAsync(challenge, Cancelled);

        // MS-NLMP sections 3.1.5.1.2, 3.4.5.1: the key that the client made up, and the code of integrity over all three messages.
        byte[] response = Field(answer, 20);
        byte[] baseKey = KeyedMd5(Convert.FromHexString("0C868A403BFD7A93A3001EF22EF02E3F"), response[..16]);
        byte[] exportedKey = Rc4(baseKey, Field(answer, 52));
        byte[] code = answer[72..88];
        answer.AsSpan(72, 16).Clear();
        Assert.Equal(Convert.ToHexString(KeyedMd5(exportedKey, [.. sent, .. challenge, .. answer])), Convert.ToHexString(code));
    }

    [Theory]
    [InlineData(@"Domain\User", "Domain", "User")]
    [InlineData("User", "", "User")]
    [InlineData("user@domain.example", "", "user@domain.example")]
    public async Task A_domain_before_a_backslash_is_the_domain(string userName, string domain, string user)
    {
        SaslServer server = Server with { Mechanisms = new HashSet<string> { "NTLM" } };
        using Negotiate ntlm = Assert.IsType<Negotiate>(new MechanismSelection("NTLM").Choose(server, new(userName, new("Password"))));
        await ntlm.RespondAsync(default, Cancelled);
        byte[] answer = await ntlm.RespondAsync(ChallengeMessage(Convert.FromHexString("0123456789ABCDEF")), Cancelled);

        Assert.Equal((domain, user), (Encoding.Unicode.GetString(Field(answer, 28)), Encoding.Unicode.GetString(Field(answer, 36))));
    }

    [Fact]
    public void A_10_neither_ntlm_nor_kerberos_is_chosen_unless_asked_for_by_name()
    {
        SaslServer server = Server with { Mechanisms = new HashSet<string> { "NTLM", "GSS-SPNEGO", "GSSAPI" } };
        Assert.Throws<MechanismUnavailableException>(() => MechanismSelection.Passwords.Choose(server, new("User", new("Password"))));
    }

    // MsvAvTargetName (MS-NLMP section 2.2.2.1) is signed with the rest of the answer: a server that passes it on is found out.
    [Fact]
    public async Task A_10_the_answer_is_for_the_host_of_the_configuration_whatever_the_server_calls_itself()
    {
        using Negotiate ntlm = Negotiate.Ntlm(Server, new NetworkCredential("User", "Password", "Domain"));
        await ntlm.RespondAsync(default, Cancelled);
        byte[] answer = await ntlm.RespondAsync(ChallengeMessage(Convert.FromHexString("0123456789ABCDEF")), Cancelled);

        byte[] name = Encoding.Unicode.GetBytes("pop/mail.example.com");
        byte[] pair = [9, 0, (byte)name.Length, 0, .. name];
        Assert.True(Field(answer, 20).AsSpan().IndexOf(pair) > 0);
    }

    // CVE-2012-3482: the server's text was taken for a challenge.
    [Fact]
    public async Task A_07_ntlm_does_not_take_a_text_for_a_challenge()
    {
        using Negotiate ntlm = Negotiate.Ntlm(Server, new NetworkCredential("User", "Password", "Domain"));
        await ntlm.RespondAsync(default, Cancelled);
        await Assert.ThrowsAsync<ProtocolViolationException>(
            async () => await ntlm.RespondAsync("authentication failed, sorry"u8.ToArray(), Cancelled));
        Assert.False(ntlm.IsComplete);
    }

    [Fact]
    public async Task Without_a_ticket_kerberos_cannot_be_used()
    {
        using Negotiate kerberos = Negotiate.Kerberos(Server, new NetworkCredential("nobody", "x"), "somebody");
        MechanismUnusableException unusable = await Assert.ThrowsAsync<MechanismUnusableException>(async () => await kerberos.RespondAsync(default, Cancelled));
        Assert.Contains("GSSAPI cannot be used here", unusable.Message, StringComparison.Ordinal);
    }

    /// <summary>A CHALLENGE_MESSAGE that takes the flags of the client, with the two names of section 4.2.4.3.</summary>
    private static byte[] ChallengeMessage(byte[] serverChallenge)
    {
        byte[] names = [2, 0, 12, 0, .. Encoding.Unicode.GetBytes("Domain"), 1, 0, 12, 0, .. Encoding.Unicode.GetBytes("Server"), 0, 0, 0, 0];
        return
        [
            .. "NTLMSSP\0"u8, 2, 0, 0, 0,
            0, 0, 0, 0, 56, 0, 0, 0,
            .. Convert.FromHexString("15828A62"),
            .. serverChallenge,
            0, 0, 0, 0, 0, 0, 0, 0,
            (byte)names.Length, 0, (byte)names.Length, 0, 56, 0, 0, 0,
            6, 1, 0xB0, 0x1D, 0, 0, 0, 15,
            .. names,
        ];
    }

    /// <summary>What the length and the offset that stand there point to (MS-NLMP section 2.2.1.3).</summary>
    private static byte[] Field(byte[] message, int at) =>
        message.AsSpan(BitConverter.ToInt32(message, at + 4), BitConverter.ToUInt16(message, at)).ToArray();

    private static byte[] Rc4(byte[] key, byte[] data)
    {
        byte[] state = [.. Enumerable.Range(0, 256).Select(number => (byte)number)];
        for (int i = 0, j = 0; i < 256; i++)
        {
            j = (j + state[i] + key[i % key.Length]) & 255;
            (state[i], state[j]) = (state[j], state[i]);
        }
        byte[] result = [.. data];
        for (int n = 0, i = 0, j = 0; n < result.Length; n++)
        {
            i = (i + 1) & 255;
            j = (j + state[i]) & 255;
            (state[i], state[j]) = (state[j], state[i]);
            result[n] ^= state[(state[i] + state[j]) & 255];
        }
        return result;
    }

#pragma warning disable CA5351 // NTLM is MD5
    private static byte[] KeyedMd5(byte[] key, byte[] data) => HMACMD5.HashData(key, data);
#pragma warning restore CA5351
}
