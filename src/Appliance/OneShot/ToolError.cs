using EmailSync.Appliance.Model;
using EmailSync.Appliance.Processing;

namespace EmailSync.Appliance.OneShot;

/// <summary>A failure in the four parts that a person needs: what happened, whose side, and what to do.</summary>
/// <param name="Code">Stable: the error class.</param>
/// <param name="What">What happened, with the server's own words.</param>
/// <param name="Side">On whose side it lies.</param>
/// <param name="Remedy">What to do.</param>
internal sealed record ToolError(string Code, string What, string Side, string Remedy)
{
    /// <summary>Classifies an exception.</summary>
    public static ToolError Of(Exception exception)
    {
        if (exception is ToolException tool)
            return new(tool.Code, tool.Message, Here, tool.Remedy);

        Failure failure = FailureClassifier.Classify(exception);
        AlertEntry entry = AlertCatalog.For(failure.Class);
        return new(entry.Code, failure.Detail, SideOf(failure.Class), RemedyOf(failure.Class) ?? entry.Remedy);
    }

    private const string Here = "this machine";

    private static string SideOf(ErrorClass failure) => failure switch
    {
        ErrorClass.Policy or ErrorClass.Storage or ErrorClass.Configuration or ErrorClass.Unknown => Here,
        ErrorClass.Dns or ErrorClass.Connect or ErrorClass.Timeout or ErrorClass.Uncertain or ErrorClass.RoundTrip => "the way to the server",
        ErrorClass.Authentication => "the account",
        ErrorClass.RejectedSender or ErrorClass.RejectedRecipient or ErrorClass.RejectedContent or ErrorClass.Size => "the message",
        _ => "the server",
    };

    // Where a tool has an option for what the appliance has a field for.
    private static string? RemedyOf(ErrorClass failure) => failure switch
    {
        ErrorClass.CertificateUntrusted =>
            "If the server is yours, give the certificate of its private authority with --ca FILE; otherwise ask its operator for a certificate from a public authority.",
        ErrorClass.Authentication => "Check user name and password; some providers want an app password. --auth chooses another mechanism.",
        ErrorClass.Connect => "Check host and port, that the server runs, and that no firewall stands between.",
        ErrorClass.MailboxInUse or ErrorClass.Server => "Wait and try again; nothing here is wrong.",
        ErrorClass.Timeout => "Check the network between, and try again; what was stored is not fetched again with --state.",
        ErrorClass.Policy => "Choose a port and TLS mode that are admitted; a password goes over an unencrypted connection only with --allow-cleartext.",
        ErrorClass.Uncertain => "Ask a recipient whether the message arrived before you send it again.",
        _ => null,
    };
}
