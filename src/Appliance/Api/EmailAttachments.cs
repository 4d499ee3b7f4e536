using EmailSync.Appliance.Api.Contracts;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using MimeKit;
using MimeKit.IO;

namespace EmailSync.Appliance.Api;

/// <summary>What comes along with a stored message, found by reading the message itself: nothing is kept of it beside the raw octets.</summary>
internal static class EmailAttachments
{
    // Nobody nests deeper than this but to harm a reader.
    private static readonly ParserOptions Options = new() { MaxMimeDepth = 64 };

    private static readonly FormatOptions LineEndsOfMail = MakeFormat();

    /// <summary>All of them, numbered from 1 in the order in which they stand in the message.</summary>
    public static async Task<IReadOnlyList<AttachmentContract>> ListAsync(IStore store, Email email, CancellationToken cancellationToken)
    {
        if (email.State == EmailState.HeadersOnly)
            return [];
        await using Stream content = await store.Emails.OpenContentAsync(email.Id, cancellationToken);
        List<AttachmentContract> attachments = [];
        foreach (MimeEntity entity in await ReadAsync(content, cancellationToken))
        {
            using MeasuringStream octets = new();
            await WriteAsync(entity, octets, cancellationToken);
            attachments.Add(new(attachments.Count + 1, NameOf(entity), entity.ContentType.MimeType, octets.Length));
        }

        return attachments;
    }

    /// <summary>One of them, as a stream of its decoded octets.</summary>
    /// <exception cref="NotStoredException">There is none of that number.</exception>
    public static async Task<PushStreamHttpResult> OpenAsync(IStore store, Email email, int number, HttpResponse response, CancellationToken cancellationToken)
    {
        Stream content = await store.Emails.OpenContentAsync(email.Id, cancellationToken);
        response.RegisterForDisposeAsync(content);
        IReadOnlyList<MimeEntity> entities = email.State == EmailState.HeadersOnly ? [] : await ReadAsync(content, cancellationToken);
        if (number < 1 || number > entities.Count)
            throw new NotStoredException($"attachment {number} of email {email.Id}");
        MimeEntity entity = entities[number - 1];
        // Whatever the sender says that it is, a browser that is led here shall not run it.
        response.Headers.XContentTypeOptions = "nosniff";
        return TypedResults.Stream(output => WriteAsync(entity, output, cancellationToken), "application/octet-stream", NameOf(entity) ?? $"{email.Id}-{number}");
    }

    // The octets stay where they are: of a large message only its structure is in memory.
    private static async Task<IReadOnlyList<MimeEntity>> ReadAsync(Stream content, CancellationToken cancellationToken)
    {
        try
        {
            MimeMessage message = await MimeMessage.LoadAsync(Options, content, persistent: true, cancellationToken);
            return [.. message.BodyParts.Where(part => part.IsAttachment || part is MessagePart || NameOf(part) is not null)];
        }
        catch (FormatException)
        {
            // It has no header that can be read, so nothing comes along with it.
            return [];
        }
    }

    private static FormatOptions MakeFormat()
    {
        FormatOptions format = FormatOptions.Default.Clone();
        format.NewLineFormat = NewLineFormat.Dos;
        return format;
    }

    private static string? NameOf(MimeEntity entity) =>
        (entity.ContentDisposition?.FileName ?? entity.ContentType.Name) is { Length: > 0 } name ? name : null;

    private static async Task WriteAsync(MimeEntity entity, Stream output, CancellationToken cancellationToken)
    {
        if (entity is MessagePart { Message: { } inner })
            await inner.WriteToAsync(LineEndsOfMail, output, cancellationToken);
        else if (entity is MimePart { Content: { } octets })
            await octets.DecodeToAsync(output, cancellationToken);
    }
}
