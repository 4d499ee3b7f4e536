using EmailSync.Protocols.Pop3;
using EmailSync.Protocols.Smtp;
using EmailSync.Protocols.Wire;

namespace EmailSync.Appliance.Processing;

/// <summary>What all sessions of the appliance have in common.</summary>
public sealed record SessionSettings
{
    /// <summary>The clock of all deadlines.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Passwords may go over a connection that is not encrypted.</summary>
    public bool AllowCleartextPasswords { get; init; }

    /// <summary>The name said in EHLO; null means the client's own default.</summary>
    public string? EhloName { get; init; }

    /// <summary>Who watches the conversations; nobody by default.</summary>
    public ITranscript? Transcript { get; init; }

    /// <summary>The POP3 client's options, with the profile's patience for one command.</summary>
    public Pop3Options ForPop3(TimeSpan commandTimeout) => new()
    {
        Clock = Clock,
        AllowCleartextPasswords = AllowCleartextPasswords,
        Transcript = Transcript,
        GreetingTimeout = commandTimeout,
        ResponseTimeout = commandTimeout,
        AuthenticationTimeout = commandTimeout,
        QuitTimeout = commandTimeout,
    };

    /// <summary>The SMTP client's options: RFC 5321 4.5.3.2 sets the patience.</summary>
    public SmtpOptions ForSmtp()
    {
        SmtpOptions options = new() { Clock = Clock, AllowCleartextPasswords = AllowCleartextPasswords, Transcript = Transcript };
        return EhloName is { } name ? options with { ClientName = name } : options;
    }
}
