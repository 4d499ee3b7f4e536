using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Store.Sqlite;

/// <summary>A message on its way into the database or the spool.</summary>
internal sealed class SqliteIncomingDraft : IncomingDraft
{
    private readonly ContentCommit _commit;
    private readonly ContentDraft _content;
    private readonly TimeProvider _clock;
    private readonly LeaseBook _leases;
    private readonly Lease _lease;
    private readonly UniqueIdHash? _uniqueId;
    private readonly string? _shownUniqueId;
    private bool _isFinished;

    public SqliteIncomingDraft(
        ContentCommit commit, ContentDraft content, TimeProvider clock, LeaseBook leases, Lease lease, UniqueIdHash? uniqueId, string? shownUniqueId) =>
        (_commit, _content, _clock, _leases, _lease, _uniqueId, _shownUniqueId) = (commit, content, clock, leases, lease, uniqueId, shownUniqueId);

    public override long Length => _content.Length;

    public override ReadOnlyMemory<byte> Sha256 => _content.Sha256();

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> octets, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_isFinished, this);
        return _content.WriteAsync(octets, cancellationToken);
    }

    public override async ValueTask<EmailId> CommitAsync(EmailState state, CancellationToken cancellationToken) =>
        (await CommitAsync(state, recognises: false, cancellationToken)).Email;

    public override ValueTask<Recognition> CommitOrRecogniseAsync(CancellationToken cancellationToken) =>
        CommitAsync(EmailState.Received, recognises: true, cancellationToken);

    public override ValueTask DisposeAsync()
    {
        _isFinished = true;
        _content.Dispose();
        return ValueTask.CompletedTask;
    }

    private async ValueTask<Recognition> CommitAsync(EmailState state, bool recognises, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_isFinished, this);
        _isFinished = true;
        SealedContent content = await _content.SealAsync(cancellationToken);
        NewEmail email = new(_lease.Mailbox, state, _clock.GetUtcNow(), content) { UniqueId = _shownUniqueId };
        bool isNew = false;
        EmailId id = await _commit.RunAsync(content, connection =>
        {
            _leases.Require(_lease, EmailDirection.Incoming);
            (EmailId stored, isNew) = IncomingTable.Add(connection, email, _uniqueId, recognises);
            return stored;
        }, cancellationToken);
        return new(id, isNew);
    }
}
