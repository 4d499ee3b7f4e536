namespace EmailSync.Architecture.Tests;

public sealed class LayerTests
{
    [Fact]
    public void A() => Assert.True(true);

    [Fact(Skip = "why")]
    public void B() => Assert.True(true);
}
