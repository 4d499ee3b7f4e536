using EmailSync.Load.Messages;

namespace EmailSync.Load.Clients;

/// <summary>getmail6, which takes one message after the other.</summary>
internal static class Getmail
{
    // It delivers nothing as root.
    private static readonly string[] AsNobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];

    public static Task<Tally> RunAsync(ClientPlan plan) => MailProgram.RunAsync(plan, Environment.IsPrivilegedProcess ? AsNobody[0] : "getmail", [0], (folder, mailboxes) =>
    [
        .. Environment.IsPrivilegedProcess ? (string[])[.. AsNobody[1..], "getmail"] : [],
        $"--getmaildir={folder}", "--quiet",
        .. mailboxes.Select(mailbox => "--rcfile=" + WriteReadable(folder, $"rc-{mailbox}",
            $"""
            [retriever]
            type = {(plan.Tls ? "SimplePOP3SSLRetriever" : "SimplePOP3Retriever")}
            server = 127.0.0.1
            port = {plan.Port}
            username = m{mailbox}
            password = password

            [destination]
            type = Maildir
            path = {folder}/{mailbox}/

            [options]
            read_all = true
            delete = false
            delivered_to = false
            received = false

            """)),
    ], Maildir.Look);

    private static string WriteReadable(string folder, string name, string text)
    {
        string path = Path.Combine(folder, name);
        File.WriteAllText(path, text);
        return path;
    }
}
