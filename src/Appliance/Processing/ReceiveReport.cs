namespace EmailSync.Appliance.Processing;

/// <summary>What a receiving cycle did.</summary>
/// <param name="Listed">Messages in the maildrop.</param>
/// <param name="Stored">Messages that became durable.</param>
/// <param name="Octets">Of those.</param>
/// <param name="Recognised">Messages whose unique-id was new and whose content was here: nothing was stored.</param>
/// <param name="TooLarge">Messages recorded with their headers only.</param>
/// <param name="Refused">Messages that the server would not give; they are asked for again next time.</param>
/// <param name="Held">Messages left out because every attempt to fetch them failed.</param>
/// <param name="Deleted">Deletions that the server confirmed by answering QUIT.</param>
/// <param name="Unconfirmed">Deletions asked for and not confirmed; the next listing tells.</param>
/// <param name="HasMore">New messages are left for the next session, which may follow at once.</param>
public sealed record ReceiveReport(int Listed, int Stored, long Octets, int Recognised, int TooLarge, int Refused, int Held, int Deleted, int Unconfirmed, bool HasMore);
