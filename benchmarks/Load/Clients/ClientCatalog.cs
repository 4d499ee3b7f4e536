using EmailSync.Load.Appliances;
using EmailSync.Load.Messages;

namespace EmailSync.Load.Clients;

/// <summary>All clients of all workloads.</summary>
internal static class ClientCatalog
{
    public const string Fetch = "pop3-fetch";
    public const string Poll = "pop3-poll";
    public const string Idle = "pop3-idle";
    public const string Send = "smtp-send";
    public const string ApplianceReceive = "appliance-receive";
    public const string AppliancePoll = "appliance-poll";
    public const string ApplianceIdle = "appliance-idle";
    public const string Schedule = "schedule";

    private static readonly LoadClient[] All =
    [
        new(Fetch, "ours", OurPop3.FetchAsync),
        new(Fetch, "mailkit", MailKitPop3.FetchAsync),
        new(Fetch, "mailkit-one", MailKitPop3.FetchOneByOneAsync),
        new(Fetch, "raw", RawPop3.FetchAsync) { Hashes = null },
        .. Programs(Fetch),

        new(Poll, "ours", OurPop3.PollAsync),
        new(Poll, "mailkit", MailKitPop3.PollAsync),
        new(Poll, "raw", RawPop3.PollAsync),
        .. Programs(Poll),

        new(Idle, "ours", OurPop3.OpenAllAsync),
        new(Idle, "mailkit", MailKitPop3.OpenAllAsync),
        new(Idle, "raw", RawPop3.OpenAllAsync),

        new(Send, "ours", OurSmtp.ByChunkAsync),
        new(Send, "ours-data", OurSmtp.ByDataAsync),
        new(Send, "ours-flight", OurSmtp.ByChunkWithEnvelopeAsync),
        new(Send, "ours-overlap", OurSmtp.OverlappingAsync),
        new(Send, "mailkit", MailKitSmtp.SendAsync),
        new(Send, "system-net-mail", SystemNetMail.SendAsync),
        new(Send, "raw", RawSmtp.ByDataAsync),
        new(Send, "raw-bdat", RawSmtp.ByChunkAsync),

        new(ApplianceReceive, "ours", null) { Measure = ApplianceWork.ReceiveAsync },
        new(ApplianceReceive, "disk", null) { Measure = DiskWork.WriteAsync },
        .. Programs(ApplianceReceive),
        new(AppliancePoll, "ours", null) { Measure = ApplianceWork.PollAsync },
        .. Programs(AppliancePoll),
        new(ApplianceIdle, "ours", null) { Measure = ApplianceWork.OpenAllAsync },
        new(Schedule, "ours", null) { Measure = ScheduleWork.RunAsync },
    ];

    public static IEnumerable<string> NamesFor(string workload) => All.Where(client => client.Workload == workload).Select(client => client.Name);

    /// <exception cref="LoadException">There is no such client.</exception>
    public static LoadClient Find(string workload, string name) =>
        Array.Find(All, client => client.Workload == workload && client.Name == name)
        ?? throw new LoadException($"{workload} has no client '{name}'; it has: {string.Join(", ", NamesFor(workload))}.");

    // Each writes headers and line ends of its own, so that only bodies can be compared.
    private static LoadClient[] Programs(string workload) =>
    [
        new(workload, "mpop", Mpop.RunAsync) { Hashes = Part.Body, Program = "mpop" },
        new(workload, "fetchmail", Fetchmail.RunAsync) { Hashes = Part.Body, Program = "fetchmail" },
        new(workload, "getmail", Getmail.RunAsync) { Hashes = Part.Body, Program = "getmail" },
    ];
}
