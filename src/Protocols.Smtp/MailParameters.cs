using System.Globalization;
using EmailSync.Protocols.Wire;

namespace EmailSync.Protocols.Smtp;

/// <summary>The parameters of MAIL that a message needs, and whether this server can be asked for them at all.</summary>
internal static class MailParameters
{
    /// <summary>Decides them before anything is sent.</summary>
    /// <returns>The parameters, each with the space before it.</returns>
    /// <exception cref="ServiceExtensionMissingException">The message needs what the server does not offer.</exception>
    /// <exception cref="UnsendableContentException">The message is larger than the server takes, or has too long a line.</exception>
    /// <exception cref="InvalidContentException">The content breaks the rules it is to be sent by.</exception>
    public static string Decide(Envelope envelope, ContentSurvey? survey, ServiceExtensions extensions, SmtpOptions options)
    {
        if (survey is { } known)
            CheckContent(known, options);
        long? size = survey?.Size ?? envelope.Size;
        if (size > extensions.MaxSize)
            throw new UnsendableContentException(
                $"The content has {size} octets and the server takes {extensions.MaxSize} (RFC 1870 section 7)");

        string parameters = "";
        if (extensions.HasSize && size is not null)
            parameters = string.Create(CultureInfo.InvariantCulture, $" SIZE={size}");
        // Content that could not be looked at may have such octets; one that has none may be declared to have some.
        if (survey is null ? extensions.HasEightBitMime : survey.Value.HasEightBit)
            parameters += Required(extensions.HasEightBitMime, "8BITMIME", " BODY=8BITMIME", "the content has 8-bit octets (RFC 6152)");
        if (survey is { HasEightBitHeader: true })
            parameters += Required(extensions.HasSmtpUtf8, "SMTPUTF8", " SMTPUTF8", "the header has 8-bit octets (RFC 6531)");
        else if (envelope.ReversePath.NeedsSmtpUtf8 || envelope.ForwardPaths.Any(path => path.NeedsSmtpUtf8))
            parameters += Required(extensions.HasSmtpUtf8, "SMTPUTF8", " SMTPUTF8", "an address is not ASCII (RFC 6531)");
        return parameters;
    }

    private static void CheckContent(ContentSurvey survey, SmtpOptions options)
    {
        if (survey.HasNul && options.ContentRules.RefuseNul)
            throw new InvalidContentException("The content has a NUL, which a text message must not (RFC 5322 section 2.1)");
        if (survey.HasBareLineEnds && options.ContentRules.RefuseBareLineEnds)
            throw new InvalidContentException("The content has a CR or LF alone; lines end in CRLF (RFC 5321 section 2.3.8)");
        if (survey.LongestLine > options.MaxContentLine)
            throw new UnsendableContentException(
                $"The content has a line of {survey.LongestLine} octets and {options.MaxContentLine} is the limit (RFC 5321 section 4.5.3.1.6)");
    }

    private static string Required(bool isOffered, string keyword, string parameter, string why) =>
        isOffered ? parameter : throw new ServiceExtensionMissingException(keyword, why);
}
