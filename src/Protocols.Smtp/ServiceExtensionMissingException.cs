namespace EmailSync.Protocols.Smtp;

/// <summary>The server does not offer what is needed. Nothing was sent, and the session can be used for something else.</summary>
public sealed class ServiceExtensionMissingException : NotSupportedException
{
    internal ServiceExtensionMissingException(string keyword, string why)
        : base($"The server does not offer {keyword}, and {why}") => Keyword = keyword;

    /// <summary>The extension, by its EHLO keyword; for a mechanism, AUTH and its name.</summary>
    public string Keyword { get; }
}
