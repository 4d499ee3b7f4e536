using EmailSync.Load.Messages;

namespace EmailSync.Load.Clients;

/// <summary>The messages that are sent: made once in the life of a process, before the clock starts.</summary>
internal static class SentMessages
{
    private static MessageSet? _messages;

    public static MessageSet Of(ClientPlan plan) => _messages ??= new(plan.Size);
}
