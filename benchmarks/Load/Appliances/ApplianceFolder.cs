using System.Collections.Concurrent;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;
using EmailSync.Appliance.Store.Sqlite;
using EmailSync.Load.Clients;
using EmailSync.Load.Messages;

namespace EmailSync.Load.Appliances;

/// <summary>The data folder of an appliance under load, on the disk that temporary files are on: filled before it starts, looked at after it ended.</summary>
internal sealed class ApplianceFolder : IDisposable
{
    private const int PageSize = 500;

    private readonly ConcurrentDictionary<MailboxId, bool> _forWarmUp = [];

    public string Path { get; } = Directory.CreateTempSubdirectory("emailsync-load-").FullName;

    /// <summary>One profile for the load server, and mailboxes that are approved, enabled and due.</summary>
    /// <param name="plan">How many mailboxes, and where the server is.</param>
    /// <param name="forWarmUp">Further mailboxes, which are due at once.</param>
    /// <param name="interval">From the end of one poll to the next.</param>
    /// <param name="due">The plan's own mailboxes are due so long after the folder is filled.</param>
    /// <returns>When they are due.</returns>
    public async Task<DateTimeOffset> FillAsync(ClientPlan plan, int forWarmUp, TimeSpan interval, TimeSpan due)
    {
        await using SqliteStore store = await SqliteStore.OpenAsync(new() { DataFolder = Path }, TimeProvider.System);
        HostName host = HostName.Parse(plan.Tls ? Connections.Host : "127.0.0.1");
        EmailServerProfile profile = await store.Profiles.CreateAsync(
            new()
            {
                Name = "Load",
                Incoming = new() { Location = new(host, plan.Port, plan.Tls ? TlsMode.Implicit : TlsMode.None) },
                MinPollingInterval = interval,
                TrustedCertificates = plan.Tls ? plan.Certificate : null,
            },
            CancellationToken.None);
        ConcurrentBag<MailboxId> created = [];
        await Parallel.ForAsync(0, plan.Mailboxes + forWarmUp, async (number, cancellationToken) =>
        {
            string address = $"m{number}@example.com";
            Mailbox mailbox = await store.Mailboxes.CreateAsync(
                new()
                {
                    Name = address,
                    EmailAddress = address,
                    Profile = profile.Id,
                    UserName = $"m{number}",
                    AllowCredentialsForEmailProcessing = true,
                    OutgoingEmail = DeliveryMethod.None,
                    Approval = EmailApproval.Approved,
                },
                cancellationToken);
            await store.Secrets.SetAsync(SecretName.Of(mailbox.Id), new("password"), cancellationToken);
            created.Add(mailbox.Id);
            if (number >= plan.Mailboxes)
                _forWarmUp[mailbox.Id] = true;
        });
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        await Parallel.ForEachAsync(created, async (mailbox, cancellationToken) => await store.Mailboxes.RecordAsync(
            mailbox,
            state => state with { IncomingStatus = EmailStatus.Success, EnabledForIncoming = true, NextPollAt = _forWarmUp.ContainsKey(mailbox) ? now : now + due },
            cancellationToken));
        return now + due;
    }

    /// <summary>Every message of the plan's mailboxes that is stored, with its content.</summary>
    public async Task<Tally> LookAsync()
    {
        await using SqliteStore store = await SqliteStore.OpenAsync(new() { DataFolder = Path }, TimeProvider.System);
        Tally sum = default;
        EmailId? after = null;
        while (true)
        {
            IReadOnlyList<Email> page = await store.Emails.ListAsync(new() { Direction = EmailDirection.Incoming }, after, PageSize, CancellationToken.None);
            foreach (Email email in page.Where(email => !_forWarmUp.ContainsKey(email.Mailbox)))
            {
                await using Stream stream = await store.Emails.OpenContentAsync(email.Id, CancellationToken.None);
                using MemoryStream content = new();
                await stream.CopyToAsync(content);
                sum += MessageSet.Of(content.GetBuffer().AsSpan(0, (int)content.Length), Part.Content);
            }
            if (page.Count < PageSize)
                return sum;
            after = page[^1].Id;
        }
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
