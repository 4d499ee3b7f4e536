using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;

namespace EmailSync.Appliance.Processing;

/// <summary>Tells the scheduler that a mailbox has work: what <see cref="OwnerMail"/> puts into an outbox is sent at once.</summary>
public delegate void Waker(MailboxId mailbox, Work work);

/// <summary>How telling a profile's owner ended.</summary>
public enum OwnerTold
{
    /// <summary>The profile does not ask for it, or its owner was told of the same within the hour.</summary>
    NotWanted,

    /// <summary>The mail is in an outbox.</summary>
    Sent,

    /// <summary>No mailbox is known to be able to send.</summary>
    NoSender,
}

/// <summary>
/// Mails a profile's owner what concerns the profile, through the appliance's own outbox: from a mailbox of another profile whose sending
/// works, or else from one of the same profile, since a profile in trouble is the least likely to deliver the news of it.
/// </summary>
public sealed class OwnerMail(IStore store, Waker wake, TimeProvider clock)
{
    private static readonly TimeSpan AtMostEvery = TimeSpan.FromHours(1);
    private const int SearchPage = 500;
    private const int SearchPages = 20;

    private readonly ConcurrentDictionary<(ProfileId Profile, string Code), DateTimeOffset> _told = new();

    /// <summary>Mails the owner about an alert on their profile.</summary>
    public async ValueTask<OwnerTold> TellAsync(ProfileId id, AlertEntry entry, string text, CancellationToken cancellationToken)
    {
        DateTimeOffset now = clock.GetUtcNow();
        if (await store.Profiles.FindAsync(id, cancellationToken) is not { OwnerEmailAddress: { } owner } profile
            || (entry == AlertCatalog.ProfileFailing && !profile.SendEmailAlert)
            || (_told.TryGetValue((id, entry.Code), out DateTimeOffset last) && now - last < AtMostEvery))
            return OwnerTold.NotWanted;
        if (await FindSenderAsync(profile, cancellationToken) is not { } sender)
            return OwnerTold.NoSender;

        _told[(id, entry.Code)] = now;
        using MemoryStream message = new(Compose(sender.EmailAddress, owner, profile, entry, text, now));
        await store.Outgoing.EnqueueAsync(new(sender.Id, sender.EmailAddress, [owner]), message, cancellationToken);
        wake(sender.Id, Work.Send);
        return OwnerTold.Sent;
    }

    private async ValueTask<Mailbox?> FindSenderAsync(EmailServerProfile troubled, CancellationToken cancellationToken)
    {
        Settings settings = await store.Settings.ReadAsync(cancellationToken);
        Dictionary<ProfileId, EmailServerProfile> profiles =
            (await store.Profiles.ListAsync(cancellationToken)).ToDictionary(profile => profile.Id);
        Mailbox? ofTheSame = null;
        MailboxId? after = null;
        for (int looked = 0; looked < SearchPages; looked++)
        {
            IReadOnlyList<Mailbox> page = await store.Mailboxes.ListAsync(new() { Status = EmailStatus.Success }, after, SearchPage, cancellationToken);
            foreach (Mailbox mailbox in page.Where(mailbox => mailbox.State.OutgoingStatus == EmailStatus.Success
                && profiles.TryGetValue(mailbox.Profile, out EmailServerProfile? its)
                && Readiness.WhyNot(mailbox, its, settings, MailService.Submission) is null))
            {
                if (mailbox.Profile != troubled.Id)
                    return mailbox;
                ofTheSame ??= mailbox;
            }

            if (page.Count < SearchPage)
                break;
            after = page[^1].Id;
        }

        return ofTheSame;
    }

    // A profile's name may be of any script: it stands in the body, which is base64, so that every server takes the message.
    private static byte[] Compose(string from, string to, EmailServerProfile profile, AlertEntry entry, string text, DateTimeOffset now)
    {
        string domain = from[(from.LastIndexOf('@') + 1)..];
        string body = $"""
            Profile: {profile.Name}
            Alert: {entry.Code}

            {entry.Title}
            {text}

            What to do: {entry.Remedy}

            This mail was sent by EmailSync, because the profile names you as its owner.

            """.ReplaceLineEndings("\r\n");
        string header = string.Create(CultureInfo.InvariantCulture, $"""
            From: EmailSync <{from}>
            To: <{to}>
            Subject: EmailSync alert: {entry.Code}
            Date: {now:ddd, dd MMM yyyy HH:mm:ss} +0000
            Message-ID: <emailsync-alert-{Guid.NewGuid():N}@{domain}>
            Auto-Submitted: auto-generated
            MIME-Version: 1.0
            Content-Type: text/plain; charset=utf-8
            Content-Transfer-Encoding: base64


            """).ReplaceLineEndings("\r\n");
        return Encoding.UTF8.GetBytes(header + Convert.ToBase64String(Encoding.UTF8.GetBytes(body), Base64FormattingOptions.InsertLineBreaks) + "\r\n");
    }
}
