using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Processing;

/// <summary>What must be so before a mailbox is processed. Pure.</summary>
public static class Readiness
{
    /// <summary>
    /// What is missing before a direction can be tested, in words for an administrator; null where nothing is. A direction that is tested
    /// successfully is enabled.
    /// </summary>
    public static string? WhyNotTestable(Mailbox mailbox, EmailServerProfile profile, Settings settings, MailService service)
    {
        if (profile.State != ProfileState.Active)
            return $"The profile '{profile.Name}' is inactive; activate it.";
        if (profile.Side(service).Location is null)
            return $"The profile '{profile.Name}' has no {(service == MailService.Pop3 ? "incoming" : "outgoing")} server location; give one.";
        if (settings.RequiresApproval(mailbox.Kind) && mailbox.Approval != EmailApproval.Approved)
            return $"The mailbox is not approved (it is {mailbox.Approval.ToString().ToLowerInvariant()}); approve it first.";
        return profile.CredentialSide(service).CredentialRetrieval == CredentialRetrieval.UserOrQueue && !mailbox.AllowCredentialsForEmailProcessing
            ? "The mailbox has no credentials that may be used; set its user name and password."
            : null;
    }

    /// <summary>What is missing before a direction is processed; null where nothing is.</summary>
    public static string? WhyNot(Mailbox mailbox, EmailServerProfile profile, Settings settings, MailService service)
    {
        if (!mailbox.IsEnabledFor(service))
            return "The mailbox is not enabled in this direction; run Test & Enable.";
        return WhyNotTestable(mailbox, profile, settings, service);
    }
}
