using EmailSync.Load.Clients;
using EmailSync.Load.Server;

namespace EmailSync.Load.Running;

/// <summary>A workload: what is done in it, and how much of it unless something else is asked for.</summary>
/// <param name="Name">How it is asked for.</param>
/// <param name="Summary">What it is.</param>
/// <param name="Unit">What is counted: messages, polls, sessions.</param>
/// <param name="Usual">Its usual size.</param>
internal sealed record Workload(string Name, string Summary, string Unit, RunPlan Usual)
{
    public static readonly IReadOnlyList<Workload> All =
    [
        new(ClientCatalog.Fetch, "Retrieve every message of each mailbox, and hash it.", "messages",
            new() { Mailboxes = 1, Messages = 10_000, Size = 4096, Connections = 1, Clients = ["ours", "mailkit", "raw"] }),
        new(ClientCatalog.Poll, "Connect, sign in, UIDL, QUIT.", "polls",
            new() { Mailboxes = 1_000, Messages = 0, Size = 4096, Connections = 100, Clients = ["ours", "mailkit", "raw"] }),
        new(ClientCatalog.Idle, "Open sessions and keep them all: what is one's memory?", "sessions",
            new() { Mailboxes = 1, Messages = 10, Size = 4096, Connections = 5_000, Clients = ["ours", "mailkit", "raw"] }),
        new(ClientCatalog.Send, "Send messages to one recipient each, over connections that stay open.", "messages",
            new() { Mailboxes = 1, Messages = 5_000, Size = 8192, Connections = 1, Clients = ["ours", "ours-data", "mailkit", "raw"] }),
        new(ClientCatalog.ApplianceReceive, "The whole appliance: every message of each mailbox into its store, synced to disk.", "messages",
            new() { Mailboxes = 1_000, Messages = 10, Size = 8192, Connections = 100, Clients = ["ours"] }),
        new(ClientCatalog.AppliancePoll, "The whole appliance: polls without new mail, as many as it can.", "polls",
            new() { Mailboxes = 1_000, Messages = 0, Size = 4096, Connections = 100, Seconds = 5, Clients = ["ours"] }),
        new(ClientCatalog.ApplianceIdle, "The whole appliance: every mailbox's session open at once: how much memory?", "sessions",
            new() { Mailboxes = 10_000, Messages = 10, Size = 4096, Connections = 10_000, Clients = ["ours"] }),
        new(ClientCatalog.Schedule, "The agenda on a simulated clock: mailboxes on a hundred hosts, one of them dead.", "polls",
            new() { Mailboxes = 1_000_000, Messages = 0, Size = 4096, Connections = 1, Clients = ["ours"] }),
    ];

    /// <summary>What the server speaks.</summary>
    public Protocol Protocol => Name == ClientCatalog.Send ? Protocol.Smtp : Protocol.Pop3;

    /// <summary>How many of its unit one pass makes.</summary>
    public long UnitsOf(RunPlan plan) => Name switch
    {
        ClientCatalog.Poll or ClientCatalog.AppliancePoll or ClientCatalog.Schedule => plan.Mailboxes,
        ClientCatalog.Idle or ClientCatalog.ApplianceIdle => plan.Connections,
        ClientCatalog.Send => plan.Messages,
        _ => (long)plan.Mailboxes * plan.Messages,
    };
}
