using System.Text.Json.Nodes;

namespace EmailSync.Appliance.Api.Contracts;

/// <summary>What a change of many mailboxes did, or would do.</summary>
/// <param name="DryRun">Nothing was changed: this is what would be.</param>
/// <param name="Matched">Mailboxes that were selected.</param>
/// <param name="Changed">Of those, the ones that were changed, or would be; the others are so already.</param>
/// <param name="Conflicts">Of those, the ones that somebody else changed in the same moment: they are as that other left them.</param>
/// <param name="Changes">The first thousand of the changed ones.</param>
public sealed record BulkContract(bool DryRun, int Matched, int Changed, int Conflicts, IReadOnlyList<BulkChangeContract> Changes);

/// <summary>What changes in one mailbox.</summary>
/// <param name="Mailbox">Its id.</param>
/// <param name="EmailAddress">Its address.</param>
/// <param name="Fields">The fields that change.</param>
public sealed record BulkChangeContract(string Mailbox, string EmailAddress, IReadOnlyList<FieldChangeContract> Fields);

/// <summary>One field's change.</summary>
/// <param name="Field">By its name in JSON.</param>
/// <param name="From">Before; null where it was not set.</param>
/// <param name="To">After; null where it is not set.</param>
public sealed record FieldChangeContract(string Field, JsonNode? From, JsonNode? To);
