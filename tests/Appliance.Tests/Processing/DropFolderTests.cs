using System.Globalization;
using System.Text;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Processing;
using EmailSync.Lab;
using Microsoft.Extensions.Logging.Abstractions;

namespace EmailSync.Appliance.Tests.Processing;

/// <summary>A program puts a letter into a folder, and it is sent.</summary>
public sealed class DropFolderTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("emailsync-drop-").FullName;
    private readonly List<MailboxId> _woken = [];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_letter_is_sent_as_the_mailbox_in_its_From_to_all_its_recipients_and_Bcc_is_only_in_the_envelope()
    {
        await using Rig rig = await Rig.StartAsync();
        EmailServerProfile profile = await rig.AddProfileAsync();
        Mailbox mailbox = await rig.AddMailboxAsync(profile);
        LabMailbox other = rig.Lab.Mailboxes[1];
        string from = $"From: \"The desk\" <{mailbox.EmailAddress.ToUpperInvariant()}>\r\n";
        string rest = $"To: Two <{other.Address}>\r\nSubject: hello\r\n\r\nBcc: is text here.\r\n";
        string file = Drop("letter.eml", from + $"bcc: {mailbox.EmailAddress},\r\n {other.Address}\r\n" + rest);

        await LookAsync(rig);

        Assert.False(File.Exists(file));
        Email email = Assert.Single(await rig.EmailsAsync(mailbox, EmailDirection.Outgoing));
        Assert.Equal([mailbox.EmailAddress, other.Address], email.Recipients.Select(recipient => recipient.Address).Order(StringComparer.Ordinal));
        Assert.Equal(mailbox.EmailAddress, email.ReversePath);
        Assert.Equal(from + rest, Encoding.ASCII.GetString(await rig.ContentAsync(email.Id)));
        Assert.Equal([mailbox.Id], _woken);
        await rig.Send.RunAsync(mailbox, profile, Rig.Timeout);
        Assert.Equal((1, 1), (rig.Lab.Mailboxes[0].MessageCount, other.MessageCount));
        Assert.Empty(Directory.EnumerateFiles(_folder, "*", SearchOption.AllDirectories));
        AuditEntry entry = Assert.Single(await rig.Store.Audit.ListAsync(null, 10, Rig.Timeout));
        Assert.Equal(("drop folder", "submit", $"/api/v1/emails/{email.Id}", 202), (entry.Who, entry.Action, entry.Subject, entry.Outcome));
    }

    [Fact]
    public async Task A_crash_between_the_store_and_the_file_s_removal_sends_once()
    {
        await using Rig rig = await Rig.StartAsync();
        Mailbox mailbox = await rig.AddMailboxAsync(await rig.AddProfileAsync());
        Drop("letter.eml", Letter(mailbox));

        await Assert.ThrowsAsync<InvalidDataException>(() => LookAsync(rig, (_, _) => throw new InvalidDataException("dead here")));
        Assert.Single(await rig.EmailsAsync(mailbox, EmailDirection.Outgoing));
        Assert.Single(Files("taking"));
        await rig.RestartAsync(isAfterCrash: true);
        await LookAsync(rig);

        Assert.Single(await rig.EmailsAsync(mailbox, EmailDirection.Outgoing));
        Assert.Empty(Files("taking"));
        Assert.Equal([mailbox.Id], _woken);
    }

    [Fact]
    public async Task The_same_letter_dropped_again_later_is_another_one()
    {
        await using Rig rig = await Rig.StartAsync();
        Mailbox mailbox = await rig.AddMailboxAsync(await rig.AddProfileAsync());
        Drop("daily.eml", Letter(mailbox), age: TimeSpan.FromDays(1));
        await LookAsync(rig);
        Drop("daily.eml", Letter(mailbox));
        await LookAsync(rig);

        Assert.Equal(2, (await rig.EmailsAsync(mailbox, EmailDirection.Outgoing)).Count);
    }

    [Fact]
    public async Task What_is_not_complete_waits()
    {
        await using Rig rig = await Rig.StartAsync();
        Mailbox mailbox = await rig.AddMailboxAsync(await rig.AddProfileAsync());
        Drop("one.eml.tmp", Letter(mailbox));
        Drop(".two.eml", Letter(mailbox));
        string growing = Drop("three.eml", Letter(mailbox), age: TimeSpan.Zero);
        await LookAsync(rig);
        Assert.Empty(await rig.EmailsAsync(mailbox, EmailDirection.Outgoing));

        File.SetLastWriteTimeUtc(growing, DateTime.UtcNow - TimeSpan.FromSeconds(3));
        File.Move(Path.Combine(_folder, "one.eml.tmp"), Path.Combine(_folder, "ONE.EML"));
        await LookAsync(rig);
        Assert.Equal(2, (await rig.EmailsAsync(mailbox, EmailDirection.Outgoing)).Count);
    }

    [Theory]
    [InlineData("", "There is nothing in it.")]
    [InlineData("From: {0}\r\nTo: a@example.com\r\nSubject: cut off", "does not end")]
    [InlineData("From {0} Mon Jan 1 00:00:00 2026\r\nFrom: {0}\r\nTo: a@example.com\r\n\r\n", "no field")]
    [InlineData("To: a@example.com\r\n\r\nhello\r\n", "no address in From")]
    [InlineData("From: {0}, b@example.com\r\nTo: a@example.com\r\n\r\n", "more than one address")]
    [InlineData("From: {0}\r\nSubject: to nobody\r\n\r\n", "no recipient")]
    [InlineData("From: {0}\r\nTo: undisclosed-recipients:;\r\n\r\n", "no recipient")]
    [InlineData("From: {0}\r\nTo: joe\r\n\r\n", "'joe', which is not an email address")]
    [InlineData("From: {0}\r\nTo: <a@\r\n\r\n", "To")]
    [InlineData("From: stranger@example.com\r\nTo: a@example.com\r\n\r\n", "There is no mailbox stranger@example.com")]
    [InlineData("From: {0}\r\nTo: a@example.com\r\nResent-To: b@example.com\r\n\r\n", "Resent-To")]
    public async Task What_cannot_be_sent_is_moved_aside_with_the_reason_and_an_alert_and_does_not_hold_up_others(string content, string reason)
    {
        await using Rig rig = await Rig.StartAsync();
        Mailbox mailbox = await rig.AddMailboxAsync(await rig.AddProfileAsync());
        Drop("bad.eml", string.Format(CultureInfo.InvariantCulture, content, mailbox.EmailAddress));
        Drop("good.eml", Letter(mailbox));
        AlertBook alerts = rig.Alerts(rig.Store);

        await LookAsync(rig, alerts: alerts);
        await LookAsync(rig, alerts: alerts);

        Assert.Single(await rig.EmailsAsync(mailbox, EmailDirection.Outgoing));
        Assert.Equal(["bad.eml", "bad.eml.txt"], Files("refused"));
        Assert.Contains(reason, await File.ReadAllTextAsync(Path.Combine(_folder, "refused", "bad.eml.txt"), Rig.Timeout), StringComparison.Ordinal);
        Alert alert = Assert.Single(await rig.AlertsAsync(AlertSubject.Appliance));
        Assert.Equal("drop-refused", alert.Code);
        Assert.Contains(reason, alert.Text, StringComparison.Ordinal);

        Array.ForEach(Files("refused"), name => File.Delete(Path.Combine(_folder, "refused", name)));
        await LookAsync(rig, alerts: alerts);
        Assert.Empty(await rig.AlertsAsync(AlertSubject.Appliance));
    }

    [Fact]
    public async Task A_mailbox_that_does_not_send_sends_no_letter_and_a_second_file_of_a_name_is_kept_beside_the_first()
    {
        await using Rig rig = await Rig.StartAsync();
        Mailbox mailbox = await rig.AddMailboxAsync(await rig.AddProfileAsync(), change: mailbox => mailbox with { OutgoingEmail = DeliveryMethod.None });
        for (int count = 0; count < 2; count++)
        {
            Drop("letter.eml", Letter(mailbox));
            await LookAsync(rig);
        }

        Assert.Equal(["letter-2.eml", "letter-2.eml.txt", "letter.eml", "letter.eml.txt"], Files("refused"));
        Assert.Empty(await rig.EmailsAsync(mailbox, EmailDirection.Outgoing));
    }

    [Fact(SkipUnless = nameof(HasLinks), Skip = "Links need a privilege on Windows.")]
    public async Task A_link_is_refused_and_what_it_leads_to_stays()
    {
        await using Rig rig = await Rig.StartAsync();
        Mailbox mailbox = await rig.AddMailboxAsync(await rig.AddProfileAsync());
        string secret = Path.Combine(rig.Folder, "secret");
        await File.WriteAllTextAsync(secret, Letter(mailbox), Rig.Timeout);
        File.CreateSymbolicLink(Path.Combine(_folder, "link.eml"), secret);

        await LookAsync(rig);

        Assert.Empty(await rig.EmailsAsync(mailbox, EmailDirection.Outgoing));
        Assert.True(File.Exists(secret));
        Assert.Contains("link.eml.txt", Files("refused"));
    }

    [Fact]
    public async Task A_folder_that_cannot_be_used_is_an_alert_until_it_can()
    {
        await using Rig rig = await Rig.StartAsync();
        AlertBook alerts = rig.Alerts(rig.Store);
        string place = Path.Combine(_folder, "not a folder");
        await File.WriteAllTextAsync(place, "", Rig.Timeout);
        DropFolder drop = new(place, rig.Store, alerts, (_, _) => { }, TimeProvider.System, NullLogger<DropFolder>.Instance);

        await drop.LookAsync(Rig.Timeout);
        await drop.LookAsync(Rig.Timeout);
        Alert alert = Assert.Single(await rig.AlertsAsync(AlertSubject.Appliance));
        Assert.Equal(("drop-folder-failing", 1), (alert.Code, alert.Count));

        File.Delete(place);
        await drop.LookAsync(Rig.Timeout);
        Assert.Empty(await rig.AlertsAsync(AlertSubject.Appliance));
    }

    public static bool HasLinks => !OperatingSystem.IsWindows();

    private Task LookAsync(Rig rig, Waker? wake = null, AlertBook? alerts = null) =>
        new DropFolder(_folder, rig.Store, alerts ?? rig.Alerts(rig.Store), wake ?? ((mailbox, _) => _woken.Add(mailbox)), TimeProvider.System, NullLogger<DropFolder>.Instance)
            .LookAsync(Rig.Timeout);

    private string Drop(string name, string content, TimeSpan? age = null)
    {
        string file = Path.Combine(_folder, name);
        File.WriteAllText(file, content);
        File.SetLastWriteTimeUtc(file, DateTime.UtcNow - (age ?? TimeSpan.FromMinutes(1)));
        return file;
    }

    private string[] Files(string place) => [.. Directory.EnumerateFiles(Path.Combine(_folder, place)).Select(file => Path.GetFileName(file)!).Order(StringComparer.Ordinal)];

    private static string Letter(Mailbox mailbox) => $"From: {mailbox.EmailAddress}\nTo: {mailbox.EmailAddress}\nSubject: letter\n\nhello\n";
}
