using System.Text;
using EmailSync.Load.Messages;

namespace EmailSync.Load.Clients;

/// <summary>What a program delivered into maildirs.</summary>
internal static class Maildir
{
    public static void Create(string path)
    {
        foreach (string part in new[] { "new", "cur", "tmp" })
            MailProgram.LetAllWrite(Directory.CreateDirectory(Path.Combine(path, part)).FullName);
        MailProgram.LetAllWrite(path);
    }

    /// <summary>All messages in all maildirs below a folder.</summary>
    public static Tally Look(string folder) => Directory.EnumerateDirectories(folder, "new", SearchOption.AllDirectories)
        .SelectMany(Directory.EnumerateFiles)
        .Aggregate(default(Tally), (sum, file) => sum + OfText(File.ReadAllText(file, Encoding.Latin1)));

    /// <summary>A message with line ends of whatever kind.</summary>
    public static Tally OfText(string text) =>
        MessageSet.Of(Encoding.Latin1.GetBytes(text.ReplaceLineEndings("\r\n")), Part.Body);
}
