using System.Threading.RateLimiting;
using EmailSync.Appliance.Model;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace EmailSync.Appliance.Store.Sqlite;

/// <summary>Commits the row of sealed content, and sees to it that a spool file without a row does not stay.</summary>
internal sealed class ContentCommit(Database database, Spool spool)
{
    /// <summary>Runs the statements that store the row, or find one that is there already, and returns its id once it is durable.</summary>
    public async ValueTask<EmailId> RunAsync(
        SealedContent content, Func<Connection, EmailId> statements, CancellationToken cancellationToken)
    {
        // Whoever gives up waiting does not stop the write; the file and the buffer follow the write, not the caller.
        Task<EmailId> committed = content.SpoolFile is null
            ? CommitAsync(statements, content, cancellationToken)
            : CommitAsync(statements, content.SpoolFile, cancellationToken);
        return await committed.WaitAsync(cancellationToken);
    }

    private async Task<T> CommitAsync<T>(Func<Connection, T> statements, long octets, CancellationToken cancellationToken)
    {
        RateLimitLease room = await database.MakeRoomAsync(octets, cancellationToken);
        return await database.Enqueue(statements, room, octets, cancellationToken);
    }

    private async Task<EmailId> CommitAsync(Func<Connection, EmailId> statements, SealedContent content, CancellationToken cancellationToken)
    {
        try
        {
            return await CommitAsync(statements, content.Size, cancellationToken);
        }
        finally
        {
            content.ReturnBuffer();
        }
    }

    private async Task<EmailId> CommitAsync(Func<Connection, EmailId> statements, string spoolFile, CancellationToken cancellationToken)
    {
        try
        {
            (EmailId id, bool isReferredTo) = await CommitAsync(
                connection => (statements(connection), BodyTable.RefersTo(connection, spoolFile)), 0, cancellationToken);
            if (!isReferredTo)
                spool.Delete(spoolFile);
            return id;
        }
        catch (Exception failure) when (!MayHaveReachedTheDisk(failure))
        {
            spool.Delete(spoolFile);
            throw;
        }
    }

    // After a failed flush the system may have written the commit or not. Should a row turn up at the next start, its file must be there;
    // should none turn up, the sweep deletes the file.
    private static bool MayHaveReachedTheDisk(Exception failure) =>
        failure is StorageException { InnerException: SqliteException { SqliteErrorCode: raw.SQLITE_IOERR } };
}
