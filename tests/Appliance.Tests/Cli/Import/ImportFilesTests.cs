using EmailSync.Appliance.Cli.Import;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Tests.Store;

namespace EmailSync.Appliance.Tests.Cli.Import;

/// <summary>What other programs' files say.</summary>
public sealed class ImportFilesTests
{
    [Fact]
    public void A_fetchmailrc_with_defaults_several_users_and_noise()
    {
        const string Text = """
            # comment
            set daemon 300
            set postmaster "root"
            defaults proto pop3 timeout 60, keep
            poll pop.example.com via 'mail.example.com' with port 1995 and options no dns:
                user "jane" there with password "p\"a s" is jane here options ssl, sslcertck, fetchall
                user joe@example.com pass x is joe smith here nokeep ssl
            poll other.example.org protocol POP3 user ann is ann and wants mda "/bin/deliver %T"
            poll imap.example.org proto imap user bob pass y
            skip later.example.org user eve pass z
            """;

        (IReadOnlyList<ImportedAccount> accounts, IReadOnlyList<string> leftOut) = FetchmailFile.Read(
            Text, FetchmailIds.Read(["jane@pop.example.com uid-1", "joe@example.com@pop.example.com uid-2", "joe@example.com@pop.example.com uid-3", ""]));

        Assert.Equal(
            [
                ("mail.example.com", 1995, TlsMode.Implicit, "jane", "p\"a s", false, "uid-1"),
                ("mail.example.com", 1995, TlsMode.Implicit, "joe@example.com", "x", true, "uid-2,uid-3"),
                ("other.example.org", 110, TlsMode.StartTls, "ann", null, false, ""),
            ],
            accounts.Select(each => (each.Host, each.Port, each.Security, each.UserName, each.Password, each.Deletes, string.Join(',', each.KnownUniqueIds))));
        Assert.Equal(["later.example.org: it is one to skip", "imap.example.org: imap is not POP3"], leftOut);
    }

    [Theory]
    [InlineData("poll x proto pop3\nuser \"a", "Line 2: the quotation does not end.")]
    [InlineData("poll x\nproto pop3\nfrobnicate", "Line 3: 'frobnicate'")]
    [InlineData("poll x port many", "Line 1: 'many' is no port.")]
    [InlineData("poll", "ends behind 'poll'")]
    public void A_fetchmailrc_that_is_none_names_the_line(string text, string told) =>
        Assert.Contains(told, Assert.Throws<InvalidDataException>(() => FetchmailFile.Read(text, FetchmailIds.Read([]))).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("uid")]
    [InlineData("jane uid")]
    [InlineData("@host uid")]
    public void A_line_of_ids_that_is_none_is_told(string line) => Assert.Throws<InvalidDataException>(() => FetchmailIds.Read([line]));

    [Fact]
    public void A_getmailrc_with_its_oldmail()
    {
        using TemporaryFolder folder = new();
        FileInfo file = new(folder.Combine("getmailrc"));
        File.WriteAllText(file.FullName, """
            [retriever]
            type = SimplePOP3SSLRetriever
            server = pop.example.com
            username: jane/x@example.com
            password = se=cret
            [destination]
            type = Maildir
            path = ~/Mail/
            [options]
            delete = true
            """);
        File.WriteAllText(folder.Combine("oldmail-pop.example.com-995-jane-x@example.com"), "uid-1\0001700000000\nbroken\nuid-2\0001700000001\n".Replace("\0001700", "\01700", StringComparison.Ordinal));

        (ImportedAccount? account, string? leftOut) = GetmailFile.Read(file, folder.Path);

        Assert.Null(leftOut);
        Assert.Equal(("pop.example.com", 995, "jane/x@example.com", "se=cret", true), (account!.Host, account.Port, account.UserName, account.Password, account.Deletes));
        Assert.Equal(["uid-1", "uid-2"], account.KnownUniqueIds);
    }
}
