using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text.Json;

namespace EmailSync.RealServers.Tests.Servers;

/// <summary>An authorization server on loopback, as far as Dovecot needs one: it issues tokens and says what a token is worth (RFC 7662).</summary>
public sealed class TokenEndpoint : IAsyncDisposable
{
    private readonly HttpListener _http = new();
    private readonly ConcurrentDictionary<string, string> _owners = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, byte> _expired = new(StringComparer.Ordinal);
    private readonly string _address;
    private readonly Task _serving;
    private int _asked;

    public TokenEndpoint()
    {
        _address = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{Command.FreePorts(1)[0]}/");
        _http.Prefixes.Add(_address);
        _http.Start();
        _serving = ServeAsync();
    }

    public string IntrospectionAddress => _address + "introspect";

    public string ConfigurationAddress => _address + ".well-known/openid-configuration";

    /// <summary>How often a server has asked about a token.</summary>
    public int Asked => Volatile.Read(ref _asked);

    /// <summary>A token for somebody's mail.</summary>
    public string Issue(string address)
    {
        string token = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        _owners[token] = address;
        return token;
    }

    /// <summary>A token whose time is over.</summary>
    public string IssueExpired(string address)
    {
        string token = Issue(address);
        _expired[token] = 0;
        return token;
    }

    public async ValueTask DisposeAsync()
    {
        _http.Stop();
        await _serving;
        _http.Close();
    }

    private async Task ServeAsync()
    {
        while (true)
        {
            try
            {
                HttpListenerContext request = await _http.GetContextAsync();
                using StreamReader body = new(request.Request.InputStream);
                request.Response.ContentType = "application/json";
                request.Response.Close(Answer(await body.ReadToEndAsync()), willBlock: false);
            }
            catch (Exception) when (!_http.IsListening)
            {
                return;
            }
        }
    }

    private byte[] Answer(string form)
    {
        Interlocked.Increment(ref _asked);
        string token = form.Split('&').FirstOrDefault(field => field.StartsWith("token=", StringComparison.Ordinal))?["token=".Length..] ?? "";
        return _owners.TryGetValue(token, out string? owner) && !_expired.ContainsKey(token)
            ? JsonSerializer.SerializeToUtf8Bytes(new { active = true, username = owner, scope = "mail" })
            : JsonSerializer.SerializeToUtf8Bytes(new { active = false });
    }
}
