using System.Text;
using EmailSync.Load.Messages;

namespace EmailSync.Load.Clients;

/// <summary>mpop, which pipelines.</summary>
internal static class Mpop
{
    public static Task<Tally> RunAsync(ClientPlan plan) => MailProgram.RunAsync(plan, "mpop", [0], (folder, mailboxes) =>
    {
        StringBuilder accounts = new();
        accounts.Append(
            $"""
            defaults
            host {(plan.Tls ? Connections.Host : "127.0.0.1")}
            port {plan.Port}
            tls {(plan.Tls ? "on" : "off")}
            tls_starttls off
            tls_certcheck off
            auth user
            password password
            keep on
            only_new off
            received_header off

            """);
        foreach (int mailbox in mailboxes)
        {
            accounts.Append(
                $"""

                account m{mailbox}
                user m{mailbox}
                uidls_file {folder}/uidls-{mailbox}
                delivery maildir {folder}/{mailbox}

                """);
        }
        return ["-C", MailProgram.WriteSecret(folder, "mpoprc", accounts.ToString()), "-Q", "-a"];
    }, Maildir.Look);
}
