using System.Globalization;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;

namespace EmailSync.RealServers.Tests.Running;

/// <summary>A profile that no form would take, with a mailbox that is due.</summary>
internal sealed record ForcedProfile(MailService Service, ServerLocation Location, Mailbox Mailbox);

/// <summary>Everything that Gov mode forbids, written straight into the store.</summary>
internal static class ForcedProfiles
{
    /// <summary>Gov mode, and every switch that would admit more in commercial mode.</summary>
    public static readonly (string Name, string Value)[] GovMode =
    [
        ("EmailSync__GovMode", "true"),
        // What would admit more in commercial mode admits nothing here.
        ("EmailSync__AllowNonSslEmail", "true"),
        ("EmailSync__AllowBasicAuthenticationOnNonSecureChannel", "true"),
        ("EmailSync__AllowAnonymousSmtp", "true"),
    ];

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    /// <summary>Runs the appliance in Gov mode until it has refused everything that was forced on it, and looks at it then.</summary>
    public static async Task AssertRefusedAsync(
        ApplianceFolder folder, IReadOnlyList<ForcedProfile> forced, Func<ApplianceProcess, Task> look, params string[] wrapper)
    {
        await using ApplianceProcess appliance = folder.Start([.. forced.Select(entry => entry.Location.Port).Distinct()], GovMode, wrapper);
        try
        {
            await appliance.WhenPrintedAsync(lines => forced.All(entry => lines.Any(line =>
                line.Contains($"{entry.Service} of {entry.Mailbox.Id} failed: Policy", StringComparison.Ordinal))));
        }
        finally
        {
            // Where something was let through, what was seen of it says more than that its refusal was not printed.
            await look(appliance);
        }

        await appliance.StopAsync();

        await using IStore store = await folder.OpenStoreAsync();
        foreach (ForcedProfile entry in forced)
        {
            Alert alert = Assert.Single(await store.Alerts.ListAsync(unresolvedOnly: true, AlertSubject.Of(entry.Mailbox.Profile), null, 10, Cancelled));
            Assert.Equal("policy", alert.Code);
            Assert.Contains(entry.Location.ToString(), alert.Text, StringComparison.Ordinal);
        }
    }

    /// <summary>Writes profiles that no form would take straight into the store, each with a mailbox that is due.</summary>
    public static async Task<IReadOnlyList<ForcedProfile>> WriteAsync(ApplianceFolder folder, string host, int other)
    {
        (MailService Service, int Port, TlsMode Security)[] rows =
        [
            (MailService.Pop3, 110, TlsMode.StartTls), (MailService.Pop3, 110, TlsMode.None), (MailService.Pop3, 110, TlsMode.Implicit),
            (MailService.Pop3, 995, TlsMode.StartTls), (MailService.Pop3, 995, TlsMode.None),
            (MailService.Pop3, 465, TlsMode.Implicit), (MailService.Pop3, other, TlsMode.Implicit),
            (MailService.Submission, 25, TlsMode.StartTls), (MailService.Submission, 25, TlsMode.None),
            (MailService.Submission, 587, TlsMode.StartTls), (MailService.Submission, 587, TlsMode.Implicit), (MailService.Submission, 587, TlsMode.None),
            (MailService.Submission, 465, TlsMode.StartTls), (MailService.Submission, 465, TlsMode.None),
            (MailService.Submission, 995, TlsMode.Implicit), (MailService.Submission, other, TlsMode.Implicit),
        ];
        await using IStore store = await folder.OpenStoreAsync();
        List<ForcedProfile> forced = [];
        foreach ((MailService service, int port, TlsMode security) in rows)
        {
            ServerSide side = new() { Location = new(HostName.Parse(host), port, security) };
            EmailServerProfile profile = new()
            {
                Name = string.Create(CultureInfo.InvariantCulture, $"{service} {port} {security}"),
                ConnectionTimeout = TimeSpan.FromSeconds(1),
            };
            profile = await store.Profiles.CreateAsync(
                service == MailService.Pop3 ? profile with { Incoming = side } : profile with { Outgoing = side }, Cancelled);
            Mailbox mailbox = await ApplianceFolder.AddMailboxAsync(store, profile, string.Create(CultureInfo.InvariantCulture, $"user{forced.Count}@example.com"), "x");
            if (service == MailService.Submission)
                await store.Outgoing.EnqueueAsync(
                    new(mailbox.Id, mailbox.EmailAddress, ["x@elsewhere.example"]), new MemoryStream("Subject: x\r\n\r\n"u8.ToArray()), Cancelled);
            forced.Add(new(service, side.Location, mailbox));
        }

        return forced;
    }
}
