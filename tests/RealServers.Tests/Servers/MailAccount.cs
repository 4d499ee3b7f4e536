namespace EmailSync.RealServers.Tests.Servers;

/// <summary>One account on both servers.</summary>
/// <param name="Address">Its address, which is its user name.</param>
/// <param name="Password">Its password.</param>
/// <param name="Maildir">Where Dovecot keeps its mail, and Postfix delivers it.</param>
public sealed record MailAccount(string Address, string Password, string Maildir)
{
    private string New => Path.Combine(Maildir, "new");

    /// <summary>Its second address, whose local-part is not ASCII.</summary>
    public string InternationalAddress => InternationalNameOf(Address);

    /// <summary>What lies in the maildrop, in the order of its names.</summary>
    public IEnumerable<string> Files =>
        new[] { New, Path.Combine(Maildir, "cur") }.Where(Directory.Exists).SelectMany(Directory.GetFiles).Order(StringComparer.Ordinal);

    /// <summary>How many messages lie in the maildrop.</summary>
    public int Count => Files.Count();

    public static string InternationalNameOf(string address) => "ü" + address;

    /// <summary>An account whose maildrop is there, and empty.</summary>
    public static MailAccount Create(string address, string password, string maildir)
    {
        foreach (string part in (string[])["", "cur", "new", "tmp"])
            OwnedFiles.CreateFolder(Path.Combine(maildir, part));
        return new(address, password, maildir);
    }

    /// <summary>Puts a message into the maildrop as a delivery agent would, octet for octet. Dovecot lists messages in the order of their names.</summary>
    public void Deliver(string name, ReadOnlySpan<byte> content)
    {
        string waiting = Path.Combine(Maildir, "tmp", name);
        OwnedFiles.Write(waiting, content);
        File.Move(waiting, Path.Combine(New, name));
    }

    /// <summary>Waits until so many messages lie in the maildrop, and reads them in the order in which they came.</summary>
    public async Task<IReadOnlyList<byte[]>> ReceiveAsync(int count)
    {
        await FolderWatch.WhenAsync(New, () => Count >= count);
        return [.. Files.OrderBy(File.GetLastWriteTimeUtc).Select(File.ReadAllBytes)];
    }
}
