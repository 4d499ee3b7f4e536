using EmailSync.Appliance.Egress;
using EmailSync.Protocols.Pop3;
using EmailSync.Protocols.Smtp;
using EmailSync.Protocols.Wire.Tls;

namespace EmailSync.Appliance.Processing;

/// <summary>A route and credentials in, a session that has signed in out. Whatever goes wrong before sign-in is the server's trouble.</summary>
public sealed class SessionOpener(IDialer dialer, SessionSettings settings)
{
    /// <summary>Opens a maildrop.</summary>
    /// <exception cref="SessionOpeningException">It did not come as far as signing in.</exception>
    /// <exception cref="SignInRefusedException">The server did not let us in.</exception>
    public async Task<Maildrop> OpenMaildropAsync(
        Route route, Credentials credentials, TimeSpan commandTimeout, StepRecorder? steps, CancellationToken cancellationToken)
    {
        Pop3Session session = await GreetPop3Async(route, commandTimeout, steps, cancellationToken);
        try
        {
            steps?.Begin(StepNames.Authentication);
            Maildrop maildrop = await SignIn.ToMaildropAsync(session, route, credentials, cancellationToken);
            steps?.Pass($"signed in as {credentials.UserName}");
            return maildrop;
        }
        catch
        {
            await session.DisposeAsync();
            throw;
        }
    }

    /// <summary>Opens a session for submission; without credentials it does not sign in.</summary>
    /// <exception cref="SessionOpeningException">It did not come as far as signing in.</exception>
    /// <exception cref="SignInRefusedException">The server did not let us in.</exception>
    public async Task<SmtpSession> OpenSubmissionAsync(
        Route route, Credentials? credentials, StepRecorder? steps, CancellationToken cancellationToken)
    {
        SmtpSession session = await GreetSmtpAsync(route, steps, cancellationToken);
        try
        {
            if (credentials is null)
                return session;
            steps?.Begin(StepNames.Authentication);
            await SignIn.ToSubmissionAsync(session, route, credentials, cancellationToken);
            steps?.Pass($"signed in as {credentials.UserName}");
            return session;
        }
        catch
        {
            await session.DisposeAsync();
            throw;
        }
    }

    /// <summary>Connects, reads the greeting, begins TLS where the route says so, and asks what the server can.</summary>
    /// <exception cref="SessionOpeningException">It did not come that far.</exception>
    public Task<Pop3Session> GreetPop3Async(Route route, TimeSpan commandTimeout, StepRecorder? steps, CancellationToken cancellationToken) =>
        OnceMoreAsync(() => GreetPop3OnceAsync(route, commandTimeout, steps, cancellationToken), steps);

    /// <summary>Connects, reads the greeting, says EHLO, and begins TLS where the route says so.</summary>
    /// <exception cref="SessionOpeningException">It did not come that far.</exception>
    public Task<SmtpSession> GreetSmtpAsync(Route route, StepRecorder? steps, CancellationToken cancellationToken) =>
        OnceMoreAsync(() => GreetSmtpOnceAsync(route, steps, cancellationToken), steps);

    /// <summary>Opens; and once more, where a server ended the handshake that does so whenever a session is resumed.</summary>
    private static async Task<T> OnceMoreAsync<T>(Func<Task<T>> openAsync, StepRecorder? steps)
    {
        try
        {
            return await openAsync();
        }
        catch (SessionOpeningException failure) when (failure.InnerException is TlsException { IsResumptionSuspected: true })
        {
            steps?.Skip(StepNames.Tls, $"{failure.Message} Once more, without resuming a session of before");
            return await openAsync();
        }
    }

    private async Task<Pop3Session> GreetPop3OnceAsync(Route route, TimeSpan commandTimeout, StepRecorder? steps, CancellationToken cancellationToken)
    {
        Pop3Session? session = null;
        try
        {
            steps?.Begin(StepNames.Dns);
            Stream stream = await dialer.DialAsync(route, steps, cancellationToken);
            steps?.Begin(StepNames.Greeting);
            session = await Pop3Session.OpenAsync(stream, settings.ForPop3(commandTimeout), cancellationToken);
            steps?.Pass(session.Greeting);
            if (dialer.UpgradeFor(route, steps) is { } upgrade)
            {
                steps?.Begin(StepNames.Tls);
                await session.StartTlsAsync(upgrade, cancellationToken);
            }

            steps?.Begin(StepNames.Capabilities);
            Pop3Capabilities? capabilities = await session.CapabilitiesAsync(cancellationToken);
            steps?.Pass(capabilities is null ? "the server knows no CAPA" : string.Join(", ", capabilities.Names));
            return session;
        }
        catch (Exception exception)
        {
            await (session?.DisposeAsync() ?? default);
            if (exception is OperationCanceledException && cancellationToken.IsCancellationRequested)
                throw;
            throw new SessionOpeningException(exception);
        }
    }

    private async Task<SmtpSession> GreetSmtpOnceAsync(Route route, StepRecorder? steps, CancellationToken cancellationToken)
    {
        SmtpSession? session = null;
        try
        {
            steps?.Begin(StepNames.Dns);
            Stream stream = await dialer.DialAsync(route, steps, cancellationToken);
            steps?.Begin(StepNames.Greeting);
            session = await SmtpSession.OpenAsync(stream, settings.ForSmtp(), cancellationToken);
            steps?.Pass(session.Greeting.ToString());
            if (dialer.UpgradeFor(route, steps) is { } upgrade)
            {
                steps?.Begin(StepNames.Tls);
                await session.StartTlsAsync(upgrade, cancellationToken);
            }

            steps?.Begin(StepNames.Capabilities);
            steps?.Pass(string.Join(", ", session.Extensions.Keywords));
            return session;
        }
        catch (Exception exception)
        {
            await (session?.DisposeAsync() ?? default);
            if (exception is OperationCanceledException && cancellationToken.IsCancellationRequested)
                throw;
            throw new SessionOpeningException(exception);
        }
    }
}
