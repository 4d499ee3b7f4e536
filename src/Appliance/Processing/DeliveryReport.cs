using EmailSync.Appliance.Model;
using MimeKit;

namespace EmailSync.Appliance.Processing;

/// <summary>What a delivery status notification says (RFC 3464). A stranger wrote it: whatever it holds, reading it answers something.</summary>
/// <param name="EnvelopeId">The ENVID that the message was sent with, where it is quoted.</param>
/// <param name="MessageId">The Message-ID of the message that comes back, with angle brackets, where it does.</param>
/// <param name="Failed">Who did not get it, with what was said.</param>
public sealed record DeliveryReport(string? EnvelopeId, string? MessageId, IReadOnlyList<Recipient> Failed)
{
    /// <summary>How much of a notification is read: what comes back of the message may be cut off, the report stands before it.</summary>
    public const int MaximumLength = 1024 * 1024;

    private const int LongestText = 200;

    /// <summary>Reads one; null where it is none.</summary>
    /// <param name="octets">The beginning of the message, at most <see cref="MaximumLength"/> of it.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static DeliveryReport? Read(byte[] octets, CancellationToken cancellationToken)
    {
        MimeMessage message;
        try
        {
            using MemoryStream stream = new(octets, writable: false);
            message = MimeMessage.Load(stream, cancellationToken);
        }
        catch (FormatException)
        {
            return null;
        }

        MessageDeliveryStatus? status = message.BodyParts.OfType<MessageDeliveryStatus>().FirstOrDefault();
        if (status is not { Content: not null })
            return null;
        HeaderListCollection groups = status.StatusGroups;
        if (groups.Count == 0)
            return null;
        Recipient[] failed = [.. groups.Skip(1)
            .Where(group => string.Equals(group["Action"]?.Trim(), "failed", StringComparison.OrdinalIgnoreCase))
            .Select(Failure)
            .OfType<Recipient>()];
        string? returned = message.BodyParts.OfType<MessagePart>().FirstOrDefault()?.Message?.MessageId;
        return new(groups[0]["Original-Envelope-Id"]?.Trim(), returned is null ? null : $"<{returned}>", failed);
    }

    /// <summary>The failures as they concern an email: by the address it was sent to, which is not always the one that failed.</summary>
    public IReadOnlyList<Recipient> Of(Email email)
    {
        // A report about the only recipient is about that one, also where it was forwarded and failed under another address.
        if (email.Recipients is [Recipient only] && Failed.Count > 0)
            return [Failed[0] with { Address = only.Address }];
        return [.. email.Recipients
            .Select(recipient => Failed.FirstOrDefault(failed => string.Equals(failed.Address, recipient.Address, StringComparison.OrdinalIgnoreCase)) is { } failed
                ? failed with { Address = recipient.Address }
                : null)
            .OfType<Recipient>()];
    }

    private static Recipient? Failure(HeaderList group)
    {
        string? address = AddressOf(group["Original-Recipient"]) ?? AddressOf(group["Final-Recipient"]);
        if (address is null)
            return null;
        string? status = group["Status"]?.Trim();
        string? enhanced = status is { Length: <= 11 } && status.All(c => c is '.' or (>= '0' and <= '9')) ? status : null;
        return new(address, RecipientState.Bounced, null, enhanced, Shown(ValueOf(group["Diagnostic-Code"]) ?? status));
    }

    // "rfc822; user@example.com" (RFC 3464 2.3.1).
    private static string? AddressOf(string? field) => ValueOf(field) is { Length: > 0 } address ? address.Trim('<', '>') : null;

    private static string? ValueOf(string? field)
    {
        int semicolon = field?.IndexOf(';', StringComparison.Ordinal) ?? -1;
        return semicolon < 0 ? null : field![(semicolon + 1)..].Trim();
    }

    private static string? Shown(string? text) => text is null
        ? null
        : string.Concat((text.Length > LongestText ? text[..LongestText] : text).Select(c => char.IsControl(c) ? ' ' : c));
}
