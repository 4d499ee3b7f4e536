using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using EmailSync.Appliance.Api.Contracts;
using EmailSync.Appliance.Model;
using MimeKit;
using MimeKit.Utils;

namespace EmailSync.Appliance.Api;

/// <summary>Composes an email from its parts, as a message that can be sent as it is.</summary>
public static class EmailComposer
{
    /// <summary>A message, everybody it goes to, and its Message-ID with angle brackets.</summary>
    public sealed record Composed(byte[] Content, IReadOnlyList<string> Recipients, string MessageId);

    /// <summary>Composes it. With an idempotency key the same request has the same Message-ID each time, though not the same date.</summary>
    /// <exception cref="InvalidRequestException">Something is wrong with it.</exception>
    public static Composed Compose(
        EmailInput input, Mailbox mailbox, int maximumAttachmentSizeInKilobytes, string? idempotencyKey, DateTimeOffset now, int? trackingNumber = null)
    {
        Faults faults = new();
        MimeMessage message = new();
        message.From.Add(new MailboxAddress(mailbox.Name == mailbox.EmailAddress || mailbox.Name.Any(char.IsControl) ? null : mailbox.Name, mailbox.EmailAddress));
        List<string> recipients = [];
        Add("to", input.To, message.To, recipients, faults);
        Add("cc", input.Cc, message.Cc, recipients, faults);
        // The envelope alone knows them (RFC 5321 7.2).
        Add("bcc", input.Bcc, [], recipients, faults);
        if (input is { To: null or [], Cc: null or [], Bcc: null or [] })
            faults.Add("to", null, "There is no recipient.", "Give at least one in to, cc or bcc.");
        Add("replyTo", input.ReplyTo is null ? null : [input.ReplyTo], message.ReplyTo, [], faults);
        if (string.IsNullOrEmpty(input.Text) && string.IsNullOrEmpty(input.Html) && string.IsNullOrWhiteSpace(input.Subject) && input.Attachments is not { Count: > 0 })
            faults.Add("text", null, "There is nothing in the email: no subject, no body, no attachment.", "Give at least one of subject, text, html and attachments.");
        if (input.Subject is { } subject && subject.Any(char.IsControl))
            faults.Add("subject", null, "There is a control character in it.", "Leave it out.");
        if (input.InReplyTo is { } answered && (answered.Any(char.IsControl) || MimeUtils.EnumerateReferences(answered).Take(2).Count() != 1))
            faults.Add("inReplyTo", answered, "It is not a Message-ID.", "Give one, such as <1234@example.com>.");
        BodyBuilder body = new() { TextBody = input.Text, HtmlBody = input.Html };
        Attach(input.Attachments ?? [], body, maximumAttachmentSizeInKilobytes, faults);
        faults.ThrowIfAny();

        message.Subject = trackingNumber is { } number ? TrackingToken.Append(input.Subject, number) : input.Subject ?? "";
        message.Date = now;
        string domain = mailbox.EmailAddress[(mailbox.EmailAddress.LastIndexOf('@') + 1)..];
        message.MessageId = idempotencyKey is null ? MimeUtils.GenerateMessageId(domain) : $"{Fingerprint(input, mailbox, idempotencyKey)}@{domain}";
        if (input.InReplyTo is not null)
        {
            message.InReplyTo = input.InReplyTo;
            message.References.Add(message.InReplyTo);
        }

        message.Body = body.ToMessageBody();
        message.Prepare(EncodingConstraint.SevenBit);
        using MemoryStream content = new();
        FormatOptions format = FormatOptions.Default.Clone();
        format.NewLineFormat = NewLineFormat.Dos;
        message.WriteTo(format, content);
        return new(content.ToArray(), [.. recipients.Distinct(StringComparer.OrdinalIgnoreCase)], $"<{message.MessageId}>");
    }

    private static string Fingerprint(EmailInput input, Mailbox mailbox, string idempotencyKey)
    {
        string request = JsonSerializer.Serialize(input, ContractJson.Contract.EmailInput);
        byte[] digest = SHA256.HashData(Encoding.UTF8.GetBytes($"{mailbox.Id}\0{idempotencyKey}\0{request}"));
        return Convert.ToHexStringLower(digest.AsSpan(0, 16));
    }

    private static void Attach(IReadOnlyList<AttachmentInput> attachments, BodyBuilder body, int maximumKilobytes, Faults faults)
    {
        for (int index = 0; index < attachments.Count; index++)
        {
            AttachmentInput attachment = attachments[index];
            string field = string.Create(CultureInfo.InvariantCulture, $"attachments[{index}]");
            string name = faults.Text($"{field}.name", attachment.Name, 1, 255, "");
            if (name.AsSpan().IndexOfAny('/', '\\') >= 0)
                faults.Add($"{field}.name", name, "There is a path in it.", "Give the file's name alone.");
            else if (name.Any(char.IsControl))
                faults.Add($"{field}.name", null, "There is a control character in it.", "Leave it out.");
            if (!ContentType.TryParse(attachment.ContentType ?? MimeTypes.GetMimeType(name), out ContentType? type))
                faults.Add($"{field}.contentType", attachment.ContentType, "It is not a media type.", "Give one such as application/pdf.");
            if (attachment.Content is not { } content)
                faults.Add($"{field}.content", null, "It is needed.", "Give the file's octets in base64.");
            else if (content.Length > maximumKilobytes * 1024L)
                faults.Add($"{field}.content", $"{content.Length} octets", $"It is larger than {maximumKilobytes} KiB.", "Send a smaller file, or raise maximumAttachmentSizeInKilobytes in the settings.");
            else if (type is not null)
                body.Attachments.Add(name, content, type);
        }
    }

    private static void Add(string field, IReadOnlyList<string>? addresses, InternetAddressList list, List<string> recipients, Faults faults)
    {
        foreach (string address in addresses ?? [])
        {
            if (address.Any(char.IsControl))
            {
                faults.Add(field, null, "There is a control character in it.", "Leave it out.");
                continue;
            }

            if (!MailboxAddress.TryParse(address, out MailboxAddress? parsed) || faults.Address(field, parsed.Address) is not { } plain)
            {
                faults.Add(field, address, "It is not an email address.", "Give an address such as user@example.com, with or without a display name.");
                continue;
            }

            list.Add(parsed);
            recipients.Add(plain);
        }
    }
}
