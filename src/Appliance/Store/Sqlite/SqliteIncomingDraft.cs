using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Store.Sqlite;

/// <summary>A message on its way into the database or the spool.</summary>
internal sealed class SqliteIncomingDraft : IncomingDraft
{
    private readonly ContentCommit _commit;
    private readonly ContentDraft _content;
    private readonly TimeProvider _clock;
    private readonly MailboxId _mailbox;
    private readonly UniqueIdHash? _uniqueId;
    private readonly string? _shownUniqueId;
    private bool _isFinished;

    public SqliteIncomingDraft(
        ContentCommit commit, ContentDraft content, TimeProvider clock, MailboxId mailbox, ReadOnlySpan<byte> uniqueId)
    {
        (_commit, _content, _clock, _mailbox) = (commit, content, clock, mailbox);
        if (uniqueId.IsEmpty)
            return;
        _uniqueId = UniqueIdHash.Of(uniqueId);
        _shownUniqueId = ShownUniqueId.Of(uniqueId);
    }

    public override long Length => _content.Length;

    public override ReadOnlyMemory<byte> Sha256 => _content.Sha256();

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> octets, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_isFinished, this);
        return _content.WriteAsync(octets, cancellationToken);
    }

    public override async ValueTask<EmailId> CommitAsync(EmailState state, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_isFinished, this);
        _isFinished = true;
        SealedContent content = await _content.SealAsync(cancellationToken);
        NewEmail email = new(_mailbox, state, _clock.GetUtcNow(), content) { UniqueId = _shownUniqueId };
        return await _commit.RunAsync(content, connection => IncomingTable.Add(connection, email, _uniqueId), cancellationToken);
    }

    public override ValueTask DisposeAsync()
    {
        _isFinished = true;
        _content.Dispose();
        return ValueTask.CompletedTask;
    }
}
