using System.Net;
using EmailSync.Lab;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace EmailSync.Appliance.Tests.OAuth;

/// <summary>A provider's token endpoint on loopback, over HTTPS, that answers as it is told.</summary>
internal sealed class TokenEndpoint : IAsyncDisposable
{
    private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly WebApplication _application;

    private TokenEndpoint(WebApplication application) => _application = application;

    public Uri Address { get; private set; } = null!;

    /// <summary>The forms that were posted.</summary>
    public List<Dictionary<string, string>> Asked { get; } = [];

    /// <summary>Ends when the first form was posted.</summary>
    public Task IsAsked => _asked.Task;

    /// <summary>What it answers to the n-th, from 1.</summary>
    public Func<int, (int Status, string Json)> Answer { get; set; } = n => (200, $$"""{"access_token":"token-{{n}}","token_type":"Bearer","expires_in":3600}""");

    /// <summary>Holds answers back until it is completed.</summary>
    public Task Gate { get; set; } = Task.CompletedTask;

    public static async Task<TokenEndpoint> StartAsync(LabCertificateAuthority authority)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(authority.Issue())));
        WebApplication application = builder.Build();
        TokenEndpoint endpoint = new(application);
        application.MapPost("/token", endpoint.HandleAsync);
        application.MapPost("/moved", () => Results.Redirect("/token", permanent: false, preserveMethod: true));
        await application.StartAsync(TestContext.Current.CancellationToken);
        string address = application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        endpoint.Address = new(new Uri(address.Replace("127.0.0.1", "localhost", StringComparison.Ordinal)), "/token");
        return endpoint;
    }

    public ValueTask DisposeAsync() => _application.DisposeAsync();

    private async Task HandleAsync(HttpContext context)
    {
        IFormCollection form = await context.Request.ReadFormAsync(context.RequestAborted);
        int number;
        lock (Asked)
        {
            Asked.Add(form.ToDictionary(field => field.Key, field => field.Value.ToString()));
            number = Asked.Count;
        }

        _asked.TrySetResult();
        await Gate.WaitAsync(context.RequestAborted);
        (int status, string json) = Answer(number);
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(json, context.RequestAborted);
    }
}
