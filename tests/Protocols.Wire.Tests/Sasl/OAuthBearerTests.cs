using EmailSync.Protocols.Wire.Sasl;

namespace EmailSync.Protocols.Wire.Tests.Sasl;

/// <summary>OAUTHBEARER, and what a server may say to a token it refuses.</summary>
public sealed class OAuthBearerTests
{
    private const string Token = "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==";

    [Theory]
    [InlineData(143)]
    [InlineData(587)]
    public async Task Rfc7628_section_4_1_the_response(int port)
    {
        OAuthBearer mechanism = new("user@example.com", new(Token), "server.example.com", port);
        Assert.Equal(
            $"n,a=user@example.com,\u0001host=server.example.com\u0001port={port}\u0001auth=Bearer {Token}\u0001\u0001", await mechanism.AnswerAsync());
        Assert.True(mechanism.IsComplete);
    }

    [Fact]
    public async Task Rfc7628_section_4_3_the_error()
    {
        OAuthBearer mechanism = new("user@example.com", new("expired"), "server.example.com", 143);
        await mechanism.AnswerAsync();
        Assert.Equal("\u0001", await mechanism.AnswerAsync(
            """{"status":"invalid_token","scope":"example_scope","openid-configuration":"https://example.com/.well-known/openid-config"}"""));
        Assert.Equal(
            "status: invalid_token; scope: example_scope; openid-configuration: https://example.com/.well-known/openid-config", mechanism.FailureDetail);
        Assert.False(mechanism.IsComplete);
        await Assert.ThrowsAsync<ProtocolViolationException>(() => mechanism.AnswerAsync("{}"));
    }

    //
    [Theory]
    [InlineData("""{"status":"a","scope":{"deep":[[[[[[1]]]]]]}}""")]
    [InlineData("not JSON at all")]
    [InlineData("[1,2,3]")]
    [InlineData("""{"status":401}""")]
    [InlineData("")]
    public async Task A_08_an_error_that_is_none_is_shown_as_it_came(string error)
    {
        OAuthBearer mechanism = new("u", new("t"), "h", 995);
        await mechanism.AnswerAsync();
        Assert.Equal("\u0001", await mechanism.AnswerAsync(error));
        Assert.Equal(error, mechanism.FailureDetail);
    }

    [Fact]
    public async Task A_08_a_huge_error_is_not_read_and_a_wicked_one_is_made_safe()
    {
        OAuthBearer mechanism = new("u", new("t"), "h", 995);
        await mechanism.AnswerAsync();
        await mechanism.AnswerAsync($$"""{"status":"{{new string('x', 5000)}}"}""");
        Assert.Contains("too long to read", mechanism.FailureDetail!, StringComparison.Ordinal);

        mechanism = new("u", new("t"), "h", 995);
        await mechanism.AnswerAsync();
        await mechanism.AnswerAsync("""{"status":"a\r\nb\u202Ec","scope":"\ud800"}""");
        Assert.DoesNotContain(mechanism.FailureDetail!, c => char.IsControl(c) || c == '\u202E');
    }

    [Fact]
    public async Task A_comma_in_the_name_is_written_otherwise()
    {
        OAuthBearer mechanism = new("a,b=c", new("t"), "h", 995);
        Assert.StartsWith("n,a=a=2Cb=3Dc,\u0001", await mechanism.AnswerAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("u", "", "h", 995)]
    [InlineData("u", "a\u0001b", "h", 995)]
    [InlineData("u", "a b", "h", 995)]
    [InlineData("u\u0001host=evil", "t", "h", 995)]
    [InlineData("u", "t", "h\u0001", 995)]
    [InlineData("u", "t", "", 995)]
    [InlineData("u", "t", "h", 0)]
    [InlineData("u", "t", "h", 65536)]
    public void What_would_forge_a_field_is_refused(string user, string token, string host, int port) =>
        Assert.ThrowsAny<ArgumentException>(() => new OAuthBearer(user, new(token), host, port));
}
