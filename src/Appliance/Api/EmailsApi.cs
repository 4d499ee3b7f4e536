using EmailSync.Appliance.Api.Contracts;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Processing;
using EmailSync.Appliance.Scheduling;
using EmailSync.Appliance.Store;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace EmailSync.Appliance.Api;

/// <summary>Emails of both directions: a feed that never skips or repeats, the raw octets, and the outbox.</summary>
public static class EmailsApi
{
    /// <summary>The largest message that is taken, in octets: what mailboxes take by default as well.</summary>
    public const long LargestMessage = Mailbox.DefaultMaximumMessageSize;

    private const int MostAcknowledged = 1000;

    /// <summary>The routes.</summary>
    public static void MapEmails(this IEndpointRouteBuilder routes)
    {
        RouteGroupBuilder emails = routes.MapGroup("/emails").WithTags("emails");
        emails.MapGet("/", ListAsync);
        emails.MapPost("/", SendAsync).WithMetadata(new LargeBody(), new AuditedWithoutFields());
        emails.MapPost("/raw", SendRawAsync).Accepts<IFormFile>("message/rfc822").WithMetadata(new LargeBody(), new AuditedWithoutFields());
        emails.MapPost("/ack", AcknowledgeAsync);
        emails.MapGet("/{email}", ShowAsync);
        emails.MapGet("/{email}/raw", RawAsync);
        emails.MapGet("/{email}/attachments/{number}", AttachmentAsync);
        emails.MapPost("/{email}/ack", AcknowledgeOneAsync);
        emails.MapPost("/{email}/fetch", FetchAsync);
        emails.MapPost("/{email}/cancel", CancelAsync);
        emails.MapPost("/{email}/retry", RetryAsync);
    }

    private static async Task<Ok<Page<EmailContract>>> ListAsync(
        IStore store, string? mailbox, Named<EmailDirection>? direction, Named<EmailState>? state, bool? acknowledged, EmailId? conversation,
        EmailId? after, int? limit,
        CancellationToken cancellationToken)
    {
        if (acknowledged == true)
            throw InvalidRequestException.Of("acknowledged", "true", "Only what is not acknowledged can be asked for.", "Give false, or leave it out.");
        EmailFilter filter = new()
        {
            Mailbox = mailbox is null ? null : (await MailboxesApi.FindAsync(store, mailbox, cancellationToken)).Id,
            Direction = direction?.Value,
            State = state?.Value,
            IsUnacknowledged = acknowledged == false,
            Conversation = conversation,
        };
        IReadOnlyList<Email> page = await store.Emails.ListAsync(filter, after, PageLimit.Of(limit), cancellationToken);
        // The feed has no last page: whoever comes again with this cursor gets what has come since.
        string? next = page.Count > 0 ? page[^1].Id.ToString() : after?.ToString();
        return TypedResults.Ok(new Page<EmailContract>([.. page.Select(EmailContract.Of)], next));
    }

    /// <summary>With its attachments, which a listing leaves out: they are found by reading the message.</summary>
    private static async Task<Ok<EmailContract>> ShowAsync(EmailId email, IStore store, CancellationToken cancellationToken)
    {
        Email found = await FindAsync(store, email, cancellationToken);
        return TypedResults.Ok(EmailContract.Of(found) with { Attachments = await EmailAttachments.ListAsync(store, found, cancellationToken) });
    }

    /// <summary>The octets of an attachment, decoded.</summary>
    private static async Task<PushStreamHttpResult> AttachmentAsync(
        EmailId email, int number, IStore store, HttpResponse response, CancellationToken cancellationToken) =>
        await EmailAttachments.OpenAsync(store, await FindAsync(store, email, cancellationToken), number, response, cancellationToken);

    private static async Task<FileStreamHttpResult> RawAsync(EmailId email, IStore store, HttpResponse response, CancellationToken cancellationToken)
    {
        Email found = await FindAsync(store, email, cancellationToken);
        response.Headers.Append("Repr-Digest", $"sha-256=:{Convert.ToBase64String(Convert.FromHexString(found.Sha256))}:");
        response.Headers.XContentTypeOptions = "nosniff";
        return TypedResults.Stream(await store.Emails.OpenContentAsync(email, cancellationToken), "message/rfc822", $"{email}.eml");
    }

    /// <summary>
    /// The caller has this incoming email for good. Said twice it is the same. Where the mailbox deletes only what is acknowledged, the server's
    /// copy goes at one of the next polls.
    /// </summary>
    private static async Task<Ok<EmailContract>> AcknowledgeOneAsync(EmailId email, IStore store, TimeProvider clock, CancellationToken cancellationToken)
    {
        Email found = await FindAsync(store, email, cancellationToken);
        if (found.Direction != EmailDirection.Incoming)
            throw InvalidRequestException.Of("email", email.ToString(), "It is an outgoing email.", "Acknowledge what was received.");
        await store.Emails.AcknowledgeAsync([email], clock.GetUtcNow(), cancellationToken);
        return TypedResults.Ok(EmailContract.Of(await FindAsync(store, email, cancellationToken)));
    }

    /// <summary>The same for up to 1000 emails at once, durably or not at all; ids that are unknown are told, and harm nothing.</summary>
    private static async Task<Ok<AcknowledgementContract>> AcknowledgeAsync(
        AcknowledgementInput input, IStore store, TimeProvider clock, CancellationToken cancellationToken)
    {
        if (input.Emails is not { Count: > 0 and <= MostAcknowledged } given)
            throw InvalidRequestException.Of("emails", null, "It has no ids, or more than 1000.", "Give 1 to 1000 ids of emails.");
        HashSet<EmailId> ids = [];
        Faults faults = new();
        foreach (string id in given)
        {
            if (EmailId.TryParse(id, null, out EmailId parsed))
                ids.Add(parsed);
            else
                faults.Add("emails", id, "It is no id of an email.", "Ids look like eml_120.");
        }

        faults.ThrowIfAny();
        IReadOnlyList<EmailId> known = await store.Emails.AcknowledgeAsync(ids, clock.GetUtcNow(), cancellationToken);
        return TypedResults.Ok(new AcknowledgementContract(known.Count, [.. ids.Except(known).Select(id => id.ToString())]));
    }

    /// <summary>
    /// Has an email whole of which only the headers are stored, however large its mailbox takes messages, at a poll that begins as soon as it can.
    /// The whole is an email of its own, which the first then names as fetchedAs; where it cannot be had, its lastError and an alert say why.
    /// </summary>
    private static async Task<Accepted<EmailContract>> FetchAsync(
        EmailId email, IStore store, AlertBook alerts, IMailboxScheduler scheduler, CancellationToken cancellationToken)
    {
        Email found = await FindAsync(store, email, cancellationToken);
        if (found.FetchedAs is null)
        {
            if (!await store.Wanted.AddAsync(email, cancellationToken))
                throw InvalidRequestException.Of("email", email.ToString(), "It is stored in whole, or its mailbox was deleted.", "Only an email in the state headers-only can be fetched.");
            await alerts.ResolveAsync(AlertSubject.Of(email), AlertCatalog.MessageNotFetched, cancellationToken);
            scheduler.Wake(found.Mailbox, Work.Receive);
        }

        return TypedResults.Accepted($"/api/v1/emails/{email}", EmailContract.Of(await FindAsync(store, email, cancellationToken)));
    }

    private static async Task<Accepted<EmailContract>> SendAsync(
        EmailInput input, [FromHeader(Name = "Idempotency-Key")] string? key, IStore store, IMailboxScheduler scheduler, TimeProvider clock, CancellationToken cancellationToken)
    {
        Mailbox mailbox = await FindSenderAsync(store, input.Mailbox, cancellationToken);
        Settings settings = await store.Settings.ReadAsync(cancellationToken);
        int? trackingNumber = settings.UseTrackingTokens && TrackingToken.Find(input.Subject) is null
            ? await store.Outgoing.TakeTrackingNumberAsync(cancellationToken)
            : null;
        EmailComposer.Composed composed = EmailComposer.Compose(
            input, mailbox, settings.MaximumAttachmentSizeInKilobytes, key, clock.GetUtcNow(), trackingNumber);
        using MemoryStream content = new(composed.Content, writable: false);
        try
        {
            Submission submission = new(mailbox.Id, mailbox.EmailAddress, composed.Recipients)
            {
                IdempotencyKey = key, SendAt = input.SendAt, Priority = input.Priority ?? EmailPriority.Normal, TrackingNumber = trackingNumber,
            };
            return await EnqueueAsync(submission, content, store, scheduler, cancellationToken);
        }
        catch (IdempotencyConflictException conflict)
        {
            // Composed again, the same request has another date; its Message-ID says that it is the same.
            Email known = await FindAsync(store, conflict.Existing, cancellationToken);
            if (known.Headers.MessageId != composed.MessageId)
                throw;
            return TypedResults.Accepted($"/api/v1/emails/{known.Id}", EmailContract.Of(known));
        }
    }

    /// <summary>Takes a message as it is. Its recipients are the ones in <paramref name="to"/>, whatever its header says, and nothing in it is changed.</summary>
    private static async Task<Accepted<EmailContract>> SendRawAsync(
        string? mailbox, [FromQuery] string[] to, DateTimeOffset? sendAt, Named<EmailPriority>? priority, [FromHeader(Name = "Idempotency-Key")] string? key,
        HttpRequest request, IStore store, IMailboxScheduler scheduler, CancellationToken cancellationToken)
    {
        if (request.ContentType is not { } type || !type.StartsWith("message/rfc822", StringComparison.OrdinalIgnoreCase))
            throw new BadHttpRequestException("The body is a raw message: Content-Type is message/rfc822.", StatusCodes.Status415UnsupportedMediaType);
        Mailbox sender = await FindSenderAsync(store, mailbox, cancellationToken);
        Faults faults = new();
        if (to.Length == 0)
            faults.Add("to", null, "There is no recipient.", "Give each recipient as a query parameter: ?to=a@example.com&to=b@example.com.");
        string[] recipients = [.. to.Select(address => faults.Address("to", address)!).Distinct(StringComparer.OrdinalIgnoreCase)];
        faults.ThrowIfAny();
        System.IO.Pipelines.ReadResult beginning = await request.BodyReader.ReadAsync(cancellationToken);
        bool isNothing = beginning is { IsCompleted: true, Buffer.IsEmpty: true };
        // A reading that was not ended would have the server cut the connection, with the answer still in it.
        request.BodyReader.AdvanceTo(beginning.Buffer.Start);
        if (isNothing)
            throw InvalidRequestException.Of("body", null, "There is nothing in the email.", "Send the raw message as the body.");
        await using Stream content = request.BodyReader.AsStream();
        Submission submission = new(sender.Id, sender.EmailAddress, recipients)
        {
            IdempotencyKey = key, SendAt = sendAt, Priority = priority?.Value ?? EmailPriority.Normal,
        };
        return await EnqueueAsync(submission, content, store, scheduler, cancellationToken);
    }

    private static async Task<Accepted<EmailContract>> EnqueueAsync(
        Submission submission, Stream content, IStore store, IMailboxScheduler scheduler, CancellationToken cancellationToken)
    {
        if (submission.IdempotencyKey is { Length: 0 or > 255 })
            throw InvalidRequestException.Of("Idempotency-Key", null, "It has no characters, or more than 255.", "Give 1 to 255 characters.");
        EmailId id = await store.Outgoing.EnqueueAsync(submission, content, cancellationToken);
        if (submission.SendAt is null)
            scheduler.Wake(submission.Mailbox, Work.Send);
        else
            scheduler.MailboxChanged(submission.Mailbox);
        return TypedResults.Accepted($"/api/v1/emails/{id}", EmailContract.Of(await FindAsync(store, id, cancellationToken)));
    }

    private static async Task<Ok<EmailContract>> CancelAsync(EmailId email, IStore store, CancellationToken cancellationToken)
    {
        Email found = await FindAsync(store, email, cancellationToken);
        if (!await store.Outgoing.CancelAsync(found.Id, cancellationToken))
            throw InvalidRequestException.Of("email", email.ToString(), "It is too late, or it is not an outgoing email.", "Only an email that waits can be called back.");
        return TypedResults.Ok(EmailContract.Of(await FindAsync(store, email, cancellationToken)));
    }

    private static async Task<Ok<EmailContract>> RetryAsync(EmailId email, IStore store, IMailboxScheduler scheduler, CancellationToken cancellationToken)
    {
        Email found = await FindAsync(store, email, cancellationToken);
        if (!await store.Outgoing.RetryAsync(found.Id, cancellationToken))
            throw InvalidRequestException.Of("email", email.ToString(), "There is nothing to try again.", "Only an email that waits, failed, bounced or is uncertain can be tried again.");
        scheduler.Wake(found.Mailbox, Work.Send);
        return TypedResults.Ok(EmailContract.Of(await FindAsync(store, email, cancellationToken)));
    }

    private static async Task<Mailbox> FindSenderAsync(IStore store, string? mailbox, CancellationToken cancellationToken)
    {
        if (mailbox is null)
            throw InvalidRequestException.Of("mailbox", null, "It is needed.", "Give the sending mailbox's id or address.");
        Mailbox found = await MailboxesApi.FindAsync(store, mailbox, cancellationToken);
        return found.OutgoingEmail == DeliveryMethod.ServerSideSynchronization
            ? found
            : throw InvalidRequestException.Of("mailbox", mailbox, "The mailbox does not send.", "Set its outgoingEmail to server-side-synchronization.");
    }

    private static async Task<Email> FindAsync(IStore store, EmailId id, CancellationToken cancellationToken) =>
        await store.Emails.FindAsync(id, cancellationToken) ?? throw new NotStoredException($"email '{id}'");

    private sealed class LargeBody : IRequestSizeLimitMetadata
    {
        public long? MaxRequestBodySize => LargestMessage;
    }
}
