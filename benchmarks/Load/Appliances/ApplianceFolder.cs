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

    public string Path { get; } = Directory.CreateTempSubdirectory("emailsync-load-").FullName;

    /// <summary>One profile for the load server, and mailboxes that are approved, enabled and due now.</summary>
    public async Task FillAsync(ClientPlan plan)
    {
        await using SqliteStore store = await SqliteStore.OpenAsync(new() { DataFolder = Path }, TimeProvider.System);
        HostName host = HostName.Parse(plan.Tls ? Connections.Host : "127.0.0.1");
        EmailServerProfile profile = await store.Profiles.CreateAsync(
            new()
            {
                Name = "Load",
                Incoming = new() { Location = new(host, plan.Port, plan.Tls ? TlsMode.Implicit : TlsMode.None) },
                MinPollingInterval = TimeSpan.Zero,
                TrustedCertificates = plan.Tls ? plan.Certificate : null,
            },
            CancellationToken.None);
        await Parallel.ForAsync(0, plan.Mailboxes, async (number, cancellationToken) =>
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
            await store.Mailboxes.RecordAsync(
                mailbox.Id,
                state => state with { IncomingStatus = EmailStatus.Success, EnabledForIncoming = true, NextPollAt = TimeProvider.System.GetUtcNow() },
                cancellationToken);
        });
    }

    /// <summary>Every message that is stored, with its content.</summary>
    public async Task<Tally> LookAsync()
    {
        await using SqliteStore store = await SqliteStore.OpenAsync(new() { DataFolder = Path }, TimeProvider.System);
        Tally sum = default;
        EmailId? after = null;
        while (true)
        {
            IReadOnlyList<Email> page = await store.Emails.ListAsync(new() { Direction = EmailDirection.Incoming }, after, PageSize, CancellationToken.None);
            foreach (Email email in page)
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
