using System.Globalization;
using System.Net;
using EmailSync.Lab;
using EmailSync.RealServers.Tests.Servers;

namespace EmailSync.RealServers.Tests.Running;

/// <summary>A certificate authority whose list of revoked certificates can be had over HTTP, as Gov mode needs it.</summary>
internal sealed class RevocationServer : IAsyncDisposable
{
    private readonly HttpListener _http = new();
    private readonly Task _serving;

    public RevocationServer()
    {
        Port = Command.FreePorts(1)[0];
        string address = string.Create(CultureInfo.InvariantCulture, $"http://localhost:{Port}/");
        Authority = new(revocationList: new(address + "list.crl"));
        _http.Prefixes.Add(address);
        _http.Start();
        _serving = ServeAsync();
    }

    public LabCertificateAuthority Authority { get; }

    public int Port { get; }

    public async ValueTask DisposeAsync()
    {
        _http.Stop();
        await _serving;
        _http.Close();
        Authority.Dispose();
    }

    private async Task ServeAsync()
    {
        while (true)
        {
            try
            {
                HttpListenerContext request = await _http.GetContextAsync();
                request.Response.ContentType = "application/pkix-crl";
                request.Response.Close(Authority.IssueRevocationList(), willBlock: false);
            }
            catch (Exception) when (!_http.IsListening)
            {
                return;
            }
        }
    }
}
