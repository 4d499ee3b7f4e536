using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using EmailSync.Protocols.Wire;

namespace EmailSync.Protocols.Smtp;

/// <summary>What sessions show of themselves (docs/telemetry.md).</summary>
internal static class SmtpTelemetry
{
    private const string Name = "EmailSync.Protocols.Smtp";

    private static readonly string? Version = typeof(SmtpTelemetry).Assembly.GetName().Version?.ToString(3);
    private static readonly Meter Meter = new(Name, Version);

    private static readonly Counter<long> Messages =
        Meter.CreateCounter<long>("smtp.client.sent.messages", "{message}", "Messages that the server answers for from now on.");

    private static readonly Counter<long> Content =
        Meter.CreateCounter<long>("smtp.client.sent.content", "By", "The content of these messages, without stuffed dots.");

    private static readonly Counter<long> Recipients =
        Meter.CreateCounter<long>("smtp.client.recipients", "{recipient}", "Recipients that the server answered for, with error.type where it refused one.");

    public static ClientTelemetry Client { get; } = new("smtp", new ActivitySource(Name, Version), Meter, RefusalOf);

    /// <summary>The <c>error.type</c> of a transaction that was refused.</summary>
    public static Func<TransactionResult, string?> RefusalOfTransaction { get; } = static result => CodeOf(result.Refusal);

    /// <summary>A transaction has had its replies.</summary>
    public static void Transacted(TransactionResult result, long octets)
    {
        if (result.IsAccepted && Messages.Enabled)
            Messages.Add(1);
        if (result.IsAccepted && Content.Enabled)
            Content.Add(octets);
        if (!Recipients.Enabled)
            return;
        foreach (RecipientReply recipient in result.Recipients)
        {
            if (recipient.Reply.IsPositive)
                Recipients.Add(1);
            else
                Recipients.Add(1, new KeyValuePair<string, object?>("error.type", CodeOf(recipient.Reply)));
        }
    }

    private static string? RefusalOf(Exception exception) => CodeOf((exception as SmtpNegativeReplyException)?.Reply);

    private static string? CodeOf(Reply? reply) => reply?.Code.ToString(CultureInfo.InvariantCulture);
}
