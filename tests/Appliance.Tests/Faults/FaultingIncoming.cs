using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;

namespace EmailSync.Appliance.Tests.Faults;

/// <summary>The part of a <see cref="FaultingStore"/> whose calls take spans, which no proxy can pass on.</summary>
internal sealed class FaultingIncoming(IIncomingEmails inner, StoreFault fault) : IIncomingEmails
{
    public ValueTask<KnownUniqueIds> KnownUniqueIdsAsync(MailboxId mailbox, CancellationToken cancellationToken) =>
        Run(nameof(KnownUniqueIdsAsync), () => inner.KnownUniqueIdsAsync(mailbox, cancellationToken));

    public ValueTask<KnownUniqueIds> StoredUniqueIdsAsync(MailboxId mailbox, DateTimeOffset storedUntil, bool onlyAcknowledged, CancellationToken cancellationToken) =>
        Run(nameof(StoredUniqueIdsAsync), () => inner.StoredUniqueIdsAsync(mailbox, storedUntil, onlyAcknowledged, cancellationToken));

    public ValueTask NoteLeftOnServerAsync(Lease lease, int messages, DateTimeOffset? inDoubtUntil, CancellationToken cancellationToken) =>
        Run(nameof(NoteLeftOnServerAsync), () => inner.NoteLeftOnServerAsync(lease, messages, inDoubtUntil, cancellationToken));

    public IncomingDraft Begin(Lease lease, ReadOnlySpan<byte> uniqueId) => new FaultingDraft(inner.Begin(lease, uniqueId), fault);

    public ValueTask<EmailId?> TieUniqueIdAsync(
        Lease lease, UniqueIdHash uniqueId, ReadOnlyMemory<byte> sha256, CancellationToken cancellationToken) =>
        Run(nameof(TieUniqueIdAsync), () => inner.TieUniqueIdAsync(lease, uniqueId, sha256, cancellationToken));

    public ValueTask AddKnownUniqueIdsAsync(MailboxId mailbox, IReadOnlyCollection<UniqueIdHash> uniqueIds, CancellationToken cancellationToken) =>
        Run(nameof(AddKnownUniqueIdsAsync), () => inner.AddKnownUniqueIdsAsync(mailbox, uniqueIds, cancellationToken));

    public ValueTask SkipUniqueIdsAsync(Lease lease, IReadOnlyCollection<UniqueIdHash> uniqueIds, CancellationToken cancellationToken) =>
        Run(nameof(SkipUniqueIdsAsync), () => inner.SkipUniqueIdsAsync(lease, uniqueIds, cancellationToken));

    public ValueTask<int> ForgetSkippedAsync(MailboxId mailbox, CancellationToken cancellationToken) =>
        Run(nameof(ForgetSkippedAsync), () => inner.ForgetSkippedAsync(mailbox, cancellationToken));

    private ValueTask<T> Run<T>(string method, Func<ValueTask<T>> work) => new(fault.RunAsync(method, async () => await work()));

    private ValueTask Run(string method, Func<ValueTask> work) => new(fault.RunAsync(method, async () => { await work(); return true; }));

    private sealed class FaultingDraft(IncomingDraft inner, StoreFault fault) : IncomingDraft
    {
        public override long Length => inner.Length;

        public override ReadOnlyMemory<byte> Sha256 => inner.Sha256;

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> octets, CancellationToken cancellationToken) =>
            await fault.RunAsync("draft write", async () => { await inner.WriteAsync(octets, cancellationToken); return true; });

        public override async ValueTask<EmailId> CommitAsync(EmailState state, CancellationToken cancellationToken) =>
            await fault.RunAsync("draft commit", async () => await inner.CommitAsync(state, cancellationToken));

        public override async ValueTask<Recognition> CommitOrRecogniseAsync(CancellationToken cancellationToken) =>
            await fault.RunAsync("draft commit or recognition", async () => await inner.CommitOrRecogniseAsync(cancellationToken));

        public override ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
