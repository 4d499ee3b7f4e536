using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;
using Microsoft.Extensions.Logging;

namespace EmailSync.Appliance.Processing;

/// <summary>
/// Takes messages that other programs put into a folder as <c>.eml</c> files, and submits them as the mailbox in their From. A file is moved
/// into <c>taking</c> first, so that nobody exchanges it any more; it is deleted when its email is durable, and after a crash in between it is
/// known by its idempotency key. What cannot be sent is moved into <c>refused</c>, with a text file beside it that says why.
/// </summary>
/// <param name="folder">The folder.</param>
/// <param name="store">The store.</param>
/// <param name="alerts">Told of what was refused, and of a folder that cannot be used.</param>
/// <param name="wake">Has the email sent at once.</param>
/// <param name="clock">The clock of the files' times.</param>
/// <param name="logger">Told of every file.</param>
public sealed partial class DropFolder(string folder, IStore store, AlertBook alerts, Waker wake, TimeProvider clock, ILogger<DropFolder> logger)
{
    // At one look, so that a folder of a million files is no list of a million names.
    private const int MostAtOnce = 500;
    private const string Who = "drop folder";

    // Whoever writes under the final name after all has so long between two writes.
    private static readonly TimeSpan Settled = TimeSpan.FromSeconds(2);

    private static readonly EnumerationOptions Names = new() { MatchCasing = MatchCasing.CaseInsensitive, AttributesToSkip = FileAttributes.Hidden | FileAttributes.System };

    private readonly string _taking = Path.Combine(folder, "taking");
    private readonly string _refused = Path.Combine(folder, "refused");
    private string? _trouble;

    /// <summary>Takes what is there.</summary>
    /// <exception cref="StorageException">The disk of the data folder takes no writes; what was not taken is taken at a later look.</exception>
    public async Task LookAsync(CancellationToken cancellationToken)
    {
        // Where nothing can be stored nothing is taken.
        if (store.Health.Trouble is not null)
            return;
        try
        {
            foreach (string place in (string[])[folder, _taking, _refused])
                Create(place);
            string? trouble = null;
            foreach (string file in (string[])[.. Files(_taking), .. Files(folder)])
            {
                try
                {
                    if ((Path.GetDirectoryName(file) == _taking ? file : Claim(file)) is { } claimed)
                        await TakeAsync(claimed, cancellationToken);
                }
                catch (Exception failure) when (IsOfFolder(failure))
                {
                    trouble = $"'{Shown(Path.GetFileName(file))}' cannot be taken: {failure.Message}";
                }
            }

            await NoteAsync(trouble, cancellationToken);
            if (alerts.Stands(AlertSubject.Appliance, AlertCatalog.DropRefused) && !Directory.EnumerateFileSystemEntries(_refused).Any())
                await alerts.ResolveAsync(AlertSubject.Appliance, AlertCatalog.DropRefused, cancellationToken);
        }
        catch (Exception failure) when (IsOfFolder(failure))
        {
            await NoteAsync(failure.Message, cancellationToken);
        }
    }

    /// <summary>A name as it can stand in a line: without control characters.</summary>
    internal static string Shown(string name) => new([.. name.Select(character => char.IsControl(character) ? '?' : character)]);

    private static bool IsOfFolder(Exception failure) => failure is IOException and not StorageException or UnauthorizedAccessException;

    private static string[] Files(string place) => [.. Directory.EnumerateFiles(place, "*.eml", Names).Take(MostAtOnce).Order(StringComparer.Ordinal)];

    private static void Create(string place)
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(place);
        else
            Directory.CreateDirectory(place, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    // Null where it is still being written, or another took it away.
    private string? Claim(string file)
    {
        FileInfo found = new(file);
        bool isLink = found.LinkTarget is not null;
        if (!isLink && (!found.Exists || (clock.GetUtcNow() - found.LastWriteTimeUtc is var age && age >= TimeSpan.Zero && age < Settled)))
            return null;
        string claimed = FreeName(_taking, found.Name);
        File.Move(file, claimed);
        return claimed;
    }

    private async Task TakeAsync(string file, CancellationToken cancellationToken)
    {
        string name = Shown(Path.GetFileName(file));
        AuditId entry = await store.Audit.BeginAsync(new() { Who = Who, Action = "submit", Subject = name }, cancellationToken);
        try
        {
            (MailboxId mailbox, EmailId email) = await SubmitAsync(new(file), cancellationToken);
            wake(mailbox, Work.Send);
            LogTaken(name, mailbox, email);
            await store.Audit.EndAsync(entry, $"/api/v1/emails/{email}", document: null, 202, cancellationToken);
            File.Delete(file);
        }
        catch (DropRefusedException refusal)
        {
            await RefuseAsync(file, name, refusal.Message, cancellationToken);
            await store.Audit.EndAsync(entry, name, document: null, 400, cancellationToken);
        }
    }

    private async Task<(MailboxId Mailbox, EmailId Email)> SubmitAsync(FileInfo file, CancellationToken cancellationToken)
    {
        // A link would have a file sent that is not the writer's, and a pipe, whose length is 0, would be waited for.
        if (file.LinkTarget is not null || file.Attributes.HasFlag(FileAttributes.ReparsePoint))
            throw new DropRefusedException("It is a link, not a file.");
        if (file.Length is 0 or > Mailbox.DefaultMaximumMessageSize)
            throw new DropRefusedException(file.Length == 0
                ? "There is nothing in it."
                : string.Create(CultureInfo.InvariantCulture, $"It has {file.Length} octets; the most is {Mailbox.DefaultMaximumMessageSize}."));

        await using FileStream content = Open(file);
        DroppedMessage message = DroppedMessage.Read(await BeginningAsync(content, cancellationToken));
        if (await store.Mailboxes.FindByAddressAsync(message.From, cancellationToken) is not { } mailbox)
            throw new DropRefusedException($"There is no mailbox {Shown(message.From)}, which From names.");
        if (mailbox.OutgoingEmail != DeliveryMethod.ServerSideSynchronization)
            throw new DropRefusedException($"The mailbox {mailbox.EmailAddress} does not send. Set its outgoingEmail to server-side-synchronization.");

        Submission submission = new(mailbox.Id, mailbox.EmailAddress, message.Recipients) { IdempotencyKey = await KeyAsync(file, content, cancellationToken) };
        content.Position = message.Length;
        await using HeadedStream whole = new(message.Header, content);
        try
        {
            return (mailbox.Id, await store.Outgoing.EnqueueAsync(submission, whole, cancellationToken));
        }
        catch (NotStoredException)
        {
            throw new DropRefusedException($"The mailbox {mailbox.EmailAddress} was deleted.");
        }
    }

    private static FileStream Open(FileInfo file)
    {
        try
        {
            return new(file.FullName, FileMode.Open, FileAccess.Read, FileShare.Read, 64 * 1024, FileOptions.Asynchronous | FileOptions.SequentialScan);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new DropRefusedException($"It cannot be read: {failure.Message}");
        }
    }

    private static async Task<byte[]> BeginningAsync(FileStream content, CancellationToken cancellationToken)
    {
        byte[] beginning = new byte[Math.Min(content.Length, HeaderPeek.MaximumLength)];
        await content.ReadExactlyAsync(beginning, cancellationToken);
        return beginning;
    }

    // The time too: the same letter dropped again is another one.
    private static async Task<string> KeyAsync(FileInfo file, FileStream content, CancellationToken cancellationToken)
    {
        content.Position = 0;
        string digest = Convert.ToHexStringLower(await SHA256.HashDataAsync(content, cancellationToken));
        byte[] identity = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{file.Name}\0{file.LastWriteTimeUtc.Ticks}\0{digest}"));
        return $"drop-{Convert.ToHexStringLower(SHA256.HashData(identity))}";
    }

    private async Task RefuseAsync(string file, string name, string reason, CancellationToken cancellationToken)
    {
        LogRefused(name, reason);
        await alerts.RaiseAsync(AlertCatalog.DropRefused, AlertSubject.Appliance, $"'{name}' was refused. {reason}", service: null, cancellationToken);
        string aside = FreeName(_refused, Path.GetFileName(file));
        await File.WriteAllTextAsync(aside + ".txt", reason + Environment.NewLine, cancellationToken);
        File.Move(file, aside);
    }

    private static string FreeName(string place, string name)
    {
        string free = Path.Combine(place, name);
        for (int number = 2; Path.Exists(free); number++)
            free = Path.Combine(place, string.Create(CultureInfo.InvariantCulture, $"{Path.GetFileNameWithoutExtension(name)}-{number}{Path.GetExtension(name)}"));
        return free;
    }

    private async ValueTask NoteAsync(string? trouble, CancellationToken cancellationToken)
    {
        if (trouble is null)
        {
            await alerts.ResolveAsync(AlertSubject.Appliance, AlertCatalog.DropFolderFailing, cancellationToken);
        }
        else if (trouble != _trouble)
        {
            LogFailing(folder, trouble);
            await alerts.RaiseAsync(AlertCatalog.DropFolderFailing, AlertSubject.Appliance, $"The drop folder {folder}: {trouble}", service: null, cancellationToken);
        }

        _trouble = trouble;
    }

    [LoggerMessage(EventId = 210, Level = LogLevel.Information, Message = "Took the file {File} of the drop folder for {Mailbox} as {Email}")]
    private partial void LogTaken(string file, MailboxId mailbox, EmailId email);

    [LoggerMessage(EventId = 211, Level = LogLevel.Warning, Message = "Refused the file {File} of the drop folder: {Reason}")]
    private partial void LogRefused(string file, string reason);

    [LoggerMessage(EventId = 212, Level = LogLevel.Error, Message = "The drop folder {Folder} cannot be used: {Trouble}")]
    private partial void LogFailing(string folder, string trouble);
}
