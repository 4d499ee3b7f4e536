using System.Security.Cryptography;
using EmailSync.Protocols.Wire.Sasl;

namespace EmailSync.Protocols.Wire.Tests.Sasl;

/// <summary>SCRAM as RFC 5802 and RFC 7677 write it down.</summary>
public sealed class ScramTests
{
    private static readonly byte[] EndPoint = [.. "tls-server-end-point:"u8, 1, 2, 3];

    [Fact]
    public async Task Rfc5802_section_5_the_exchange_with_SHA_1()
    {
        Scram scram = new(HashAlgorithmName.SHA1, "user", new("pencil"), new() { Nonce = "fyko+d2lbbFgONRv9qkxdawL" });
        Assert.Equal("SCRAM-SHA-1", scram.Name);
        Assert.Equal("n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL", await scram.AnswerAsync());
        Assert.Equal(
            "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
            await scram.AnswerAsync("r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096"));
        Assert.False(scram.IsComplete);
        Assert.Equal("", await scram.AnswerAsync("v=rmF9pqV8S7suAoZWja4dJRkFsKQ="));
        Assert.True(scram.IsComplete);
        await Assert.ThrowsAsync<ProtocolViolationException>(() => scram.AnswerAsync("more"));
    }

    [Fact]
    public async Task Rfc7677_section_3_the_exchange_with_SHA_256()
    {
        Scram scram = new(HashAlgorithmName.SHA256, "user", new("pencil"), new() { Nonce = "rOprNGfwEbeRWgbNEkqO" });
        Assert.Equal("SCRAM-SHA-256", scram.Name);
        Assert.Equal("n,,n=user,r=rOprNGfwEbeRWgbNEkqO", await scram.AnswerAsync());
        Assert.Equal(
            "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
            await scram.AnswerAsync("r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"));
        Assert.Equal("", await scram.AnswerAsync("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="));
        Assert.True(scram.IsComplete);
    }

    [Fact]
    public async Task Rfc5802_section_5_1_comma_and_equals_sign_in_names_are_written_otherwise()
    {
        Scram scram = new(HashAlgorithmName.SHA1, "a=b,c", new("pencil"), new() { Nonce = "abc", AuthorizationIdentity = "x,y=z" });
        Assert.Equal("n,a=x=2Cy=3Dz,n=a=3Db=2Cc,r=abc", await scram.AnswerAsync());
    }

    [Fact]
    public async Task Rfc5802_section_6_the_flag_says_what_the_client_can_and_the_server_offers()
    {
        ScramOptions options = new() { Nonce = "abc" };
        Assert.Equal("n,,n=u,r=abc", await new Scram(HashAlgorithmName.SHA256, "u", new("p"), options).AnswerAsync());
        Assert.Equal("y,,n=u,r=abc", await new Scram(HashAlgorithmName.SHA256, "u", new("p"), options with { Binding = ScramBinding.NotOffered }).AnswerAsync());

        Scram bound = new(HashAlgorithmName.SHA256, "u", new("p"), options with { Binding = ScramBinding.To(EndPoint) });
        Assert.Equal("SCRAM-SHA-256-PLUS", bound.Name);
        Assert.Equal(MechanismStrength.Binding, bound.Strength);
        Assert.Equal("p=tls-server-end-point,,n=u,r=abc", await bound.AnswerAsync());
        // The header and the bound data come back under the proof (section 5.1, c).
        string final = await bound.AnswerAsync("r=abcdef,s=QSXCR+Q6sek8bf92,i=4096");
        string channel = Convert.ToBase64String([.. "p=tls-server-end-point,,"u8, 1, 2, 3]);
        Assert.StartsWith($"c={channel},r=abcdef,p=", final, StringComparison.Ordinal);
    }

    [Fact]
    public void Only_the_certificate_is_bound_to() =>
        Assert.Throws<ArgumentException>(() => ScramBinding.To([.. "tls-unique:"u8, 1, 2, 3]));

    [Fact]
    public async Task Every_exchange_has_a_nonce_of_its_own()
    {
        string one = await new Scram(HashAlgorithmName.SHA256, "u", new("p")).AnswerAsync();
        string other = await new Scram(HashAlgorithmName.SHA256, "u", new("p")).AnswerAsync();
        Assert.NotEqual(one, other);
        Assert.Equal("n,,n=u,r=".Length + 24, one.Length);
    }

    //
    [Theory]
    [InlineData("r=abcdef,s=QSXCR+Q6sek8bf92,i=1")]
    [InlineData("r=abcdef,s=QSXCR+Q6sek8bf92,i=4095")]
    [InlineData("r=abcdef,s=QSXCR+Q6sek8bf92,i=1000001")]
    [InlineData("r=abcdef,s=QSXCR+Q6sek8bf92,i=2000000000")]
    [InlineData("r=abcdef,s=QSXCR+Q6sek8bf92,i=99999999999999999999")]
    [InlineData("r=abcdef,s=QSXCR+Q6sek8bf92,i=-4096")]
    [InlineData("r=abcdef,s=QSXCR+Q6sek8bf92,i=04096")]
    [InlineData("r=abcdef,s=QSXCR+Q6sek8bf92,i=4096 ")]
    [InlineData("r=abcdef,s=QSXCR+Q6sek8bf92,i=")]
    [InlineData("r=abcdef,s=QSXCR+Q6sek8bf92")]
    [InlineData("r=abc,s=QSXCR+Q6sek8bf92,i=4096")]
    [InlineData("r=xbcdef,s=QSXCR+Q6sek8bf92,i=4096")]
    [InlineData("r=ABCdef,s=QSXCR+Q6sek8bf92,i=4096")]
    [InlineData("r=,s=QSXCR+Q6sek8bf92,i=4096")]
    [InlineData("r=abcd ef,s=QSXCR+Q6sek8bf92,i=4096")]
    [InlineData("r=abcdéf,s=QSXCR+Q6sek8bf92,i=4096")]
    [InlineData("r=abcdef,s=,i=4096")]
    [InlineData("r=abcdef,s=QSX CR+Q6sek8bf92,i=4096")]
    [InlineData("r=abcdef,s=QSXCR+Q6sek8bf9,i=4096")]
    [InlineData("m=future,r=abcdef,s=QSXCR+Q6sek8bf92,i=4096")]
    [InlineData("r=abcdef,s=QSXCR+Q6sek8bf92,i=4096,m=future")]
    [InlineData("r=abcdef,s=QSXCR+Q6sek8bf92,i=4096,i=8192")]
    [InlineData("r=abcdef,r=abcxyz,s=QSXCR+Q6sek8bf92,i=4096")]
    [InlineData("s=QSXCR+Q6sek8bf92,r=abcdef,i=4096")]
    [InlineData("r=abcdef,s=QSXCR+Q6sek8bf92,i=4096,")]
    [InlineData("r=abcdef,s=QSXCR+Q6sek8bf92,i=4096,1=x")]
    [InlineData("")]
    [InlineData("v=rmF9pqV8S7suAoZWja4dJRkFsKQ=")]
    public async Task A_06_a_hostile_first_message_ends_the_exchange_before_a_proof(string message)
    {
        Scram scram = new(HashAlgorithmName.SHA1, "u", new("p"), new() { Nonce = "abc" });
        await scram.AnswerAsync();
        await Assert.ThrowsAsync<ProtocolViolationException>(() => scram.AnswerAsync(message));
        Assert.False(scram.IsComplete);
    }

    [Fact]
    public async Task A_06_a_salt_or_a_nonce_without_measure_ends_the_exchange()
    {
        foreach (string message in new[]
        {
            $"r=abcdef,s={Convert.ToBase64String(new byte[1025])},i=4096",
            $"r=abc{new string('x', 1022)},s=QSXCR+Q6sek8bf92,i=4096",
        })
        {
            Scram scram = new(HashAlgorithmName.SHA1, "u", new("p"), new() { Nonce = "abc" });
            await scram.AnswerAsync();
            await Assert.ThrowsAsync<ProtocolViolationException>(() => scram.AnswerAsync(message));
        }
    }

    [Fact]
    public async Task Rfc5802_section_5_1_an_optional_extension_that_is_unknown_is_ignored()
    {
        Scram scram = new(HashAlgorithmName.SHA1, "u", new("p"), new() { Nonce = "abc" });
        await scram.AnswerAsync();
        Assert.Contains(",p=", await scram.AnswerAsync("r=abcdef,s=QSXCR+Q6sek8bf92,i=4096,x=new"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("v=rmF9pqV8S7suAoZWja4dJRkFsKR=")]
    [InlineData("v=AAAAAAAAAAAAAAAAAAAAAAAAAAA=")]
    [InlineData("v=rmF9")]
    [InlineData("v=")]
    [InlineData("")]
    [InlineData("x=rmF9pqV8S7suAoZWja4dJRkFsKQ=")]
    [InlineData("v=rmF9pqV8S7suAoZWja4dJRkFsKQ=,v=rmF9pqV8S7suAoZWja4dJRkFsKQ=")]
    public async Task A_06_a_server_that_does_not_know_the_password_is_found_out(string final)
    {
        Scram scram = new(HashAlgorithmName.SHA1, "user", new("pencil"), new() { Nonce = "fyko+d2lbbFgONRv9qkxdawL" });
        await scram.AnswerAsync();
        await scram.AnswerAsync("r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096");
        await Assert.ThrowsAsync<ProtocolViolationException>(() => scram.AnswerAsync(final));
        Assert.False(scram.IsComplete);
    }

    [Fact]
    public async Task An_error_of_the_server_is_shown_and_is_no_success()
    {
        Scram scram = new(HashAlgorithmName.SHA1, "u", new("p"), new() { Nonce = "abc" });
        await scram.AnswerAsync();
        await scram.AnswerAsync("r=abcdef,s=QSXCR+Q6sek8bf92,i=4096");
        Assert.Equal("", await scram.AnswerAsync("e=invalid-proof"));
        Assert.Equal("invalid-proof", scram.FailureDetail);
        Assert.False(scram.IsComplete);
        await Assert.ThrowsAsync<ProtocolViolationException>(() => scram.AnswerAsync("v=rmF9pqV8S7suAoZWja4dJRkFsKQ="));
    }

    [Fact]
    public async Task A_long_calculation_is_given_up()
    {
        using CancellationTokenSource given = new();
        Scram scram = new(HashAlgorithmName.SHA512, "u", new("p"), new() { Nonce = "abc" });
        await scram.AnswerAsync();
        await given.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await scram.RespondAsync("r=abcdef,s=QSXCR+Q6sek8bf92,i=1000000"u8.ToArray(), given.Token));
    }

    [Fact]
    public async Task The_bounds_of_the_iterations_can_be_set()
    {
        ScramOptions options = new() { Nonce = "abc", MinIterations = 1, MaxIterations = 10 };
        Scram scram = new(HashAlgorithmName.SHA256, "u", new("p"), options);
        await scram.AnswerAsync();
        Assert.Contains(",p=", await scram.AnswerAsync("r=abcdef,s=QSXCR+Q6sek8bf92,i=1"), StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => new Scram(HashAlgorithmName.SHA256, "u", new("p"), options with { MaxIterations = 0 }));
    }

    [Fact]
    public void There_is_no_SCRAM_with_MD5() =>
        Assert.Throws<ArgumentException>(() => new Scram(HashAlgorithmName.MD5, "u", new("p")));
}
