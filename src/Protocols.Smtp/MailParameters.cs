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
        if (survey is { } known && !envelope.IsBinary)
            CheckContent(known, options);
        long? size = (envelope.IsBinary ? survey?.Octets : survey?.Size) ?? envelope.Size;
        if (size > extensions.MaxSize)
            throw new UnsendableContentException(
                $"The content has {size} octets and the server takes {extensions.MaxSize} (RFC 1870 section 7)");

        string parameters = "";
        if (extensions.HasSize && size is not null)
            parameters = string.Create(CultureInfo.InvariantCulture, $" SIZE={size}");
        // Content that could not be looked at may have such octets; one that has none may be declared to have some.
        if (envelope.IsBinary)
            parameters += Required(extensions is { HasBinaryMime: true, HasChunking: true }, "BINARYMIME", " BODY=BINARYMIME",
                "the content is to be sent as it is, with CHUNKING (RFC 3030)");
        else if (survey is null ? extensions.HasEightBitMime : survey.Value.HasEightBit)
            parameters += Required(extensions.HasEightBitMime, "8BITMIME", " BODY=8BITMIME", "the content has 8-bit octets (RFC 6152)");
        if (survey is { HasEightBitHeader: true })
            parameters += Required(extensions.HasSmtpUtf8, "SMTPUTF8", " SMTPUTF8", "the header has 8-bit octets (RFC 6531)");
        else if (envelope.ReversePath.NeedsSmtpUtf8 || envelope.ForwardPaths.Any(path => path.NeedsSmtpUtf8))
            parameters += Required(extensions.HasSmtpUtf8, "SMTPUTF8", " SMTPUTF8", "an address is not ASCII (RFC 6531)");
        if (envelope.Dsn is { } dsn)
            parameters += Required(extensions.HasDsn, "DSN", Notifications(dsn), "notifications of delivery were asked for (RFC 3461)");
        if (envelope.Submitter is { } submitter)
            parameters += Required(extensions.Has("AUTH"), "AUTH", $" AUTH={(submitter.IsNull ? "<>" : Xtext.Encode(submitter.Mailbox))}",
                "the submitter was to be told (RFC 4954 section 5)");
        if (envelope.RequireTls)
            parameters += Required(extensions.HasRequireTls, "REQUIRETLS", " REQUIRETLS", "TLS is required for the whole way (RFC 8689)");
        return parameters;
    }

    private static string Notifications(DsnRequest dsn)
    {
        string parameters = dsn.Return switch
        {
            null => "",
            DsnReturn.Header => " RET=HDRS",
            DsnReturn.Full => " RET=FULL",
            _ => throw new ArgumentException($"A notification does not return {dsn.Return} (RFC 3461 section 4.3); nothing was sent"),
        };
        return dsn.EnvelopeId is { } id ? $"{parameters} {DsnRequest.EnvidOf(id)}" : parameters;
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
