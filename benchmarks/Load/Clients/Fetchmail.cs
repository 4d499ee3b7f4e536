using System.Text;
using EmailSync.Load.Messages;

namespace EmailSync.Load.Clients;

/// <summary>fetchmail, into a file of batched SMTP: the only delivery that starts no further process for each message.</summary>
internal static class Fetchmail
{
    // 1: there was no mail.
    public static Task<Tally> RunAsync(ClientPlan plan) => MailProgram.RunAsync(plan, "fetchmail", [0, 1], (folder, mailboxes) =>
    {
        StringBuilder control = new("set no bouncemail\n");
        foreach (int mailbox in mailboxes)
        {
            string tls = plan.Tls ? "ssl no sslcertck" : "sslproto ''";
            control.Append(
                $"poll load{mailbox} via 127.0.0.1 protocol pop3 port {plan.Port} auth password "
                + $"user m{mailbox} password password is root here {tls} fetchall keep bsmtp {folder}/{mailbox}.bsmtp\n");
        }
        return ["--silent", "--nosyslog", "-f", MailProgram.WriteSecret(folder, "fetchmailrc", control.ToString()), "-i", $"{folder}/ids", "--pidfile", $"{folder}/pid"];
    }, folder => Directory.EnumerateFiles(folder, "*.bsmtp", SearchOption.AllDirectories)
        .Aggregate(default(Tally), (sum, file) => sum + Look(File.ReadAllText(file, Encoding.Latin1))));

    private static Tally Look(string batch)
    {
        Tally sum = default;
        string text = batch.ReplaceLineEndings("\n");
        const string Begin = "\nDATA\n";
        const string End = "\n.\n";
        for (int start = text.IndexOf(Begin, StringComparison.Ordinal); start >= 0;)
        {
            int end = text.IndexOf(End, start, StringComparison.Ordinal);
            string content = text[(start + Begin.Length)..end].Replace("\n..", "\n.", StringComparison.Ordinal);
            sum += Maildir.OfText(content);
            start = text.IndexOf(Begin, end, StringComparison.Ordinal);
        }
        return sum;
    }
}
