using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Processing;

/// <summary>How many connections that nobody uses may stay open while a piece of work runs: what the limits leave beside all that runs.</summary>
/// <param name="OfAppliance">In all.</param>
/// <param name="OfProfile">With the profile's credentials; null where each mailbox has its own.</param>
/// <param name="IsOneForEachMailbox">The mailbox has one connection at a time: none of its own may stay open.</param>
/// <param name="OfHosts">On each host that the work connects to.</param>
public sealed record Room(int OfAppliance, int? OfProfile, bool IsOneForEachMailbox, IReadOnlyDictionary<string, int> OfHosts);

/// <summary>Closes connections that nobody uses, until no more are open than there is room for. Called before a piece of work begins.</summary>
public delegate Task RoomMaker(MailboxId mailbox, ProfileId profile, Work work, Room room);
