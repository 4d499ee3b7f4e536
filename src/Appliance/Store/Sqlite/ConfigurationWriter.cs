using System.Diagnostics;
using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Store.Sqlite;

/// <summary>Runs the steps of a change of the configuration, inside one transaction.</summary>
internal sealed class ConfigurationWriter(ProfileTable profiles, MailboxTable mailboxes)
{
    /// <summary>Runs all of them. Returns how many.</summary>
    public int Run(Connection connection, IReadOnlyList<ConfigurationStep> steps)
    {
        // Before the first step, because a step may change what a later one changes too: a profile that moves changes its mailboxes.
        foreach (ConfigurationStep step in steps)
            RequireVersion(connection, step);
        foreach (ConfigurationStep step in steps)
            Run(connection, step);
        return steps.Count;
    }

    private static void RequireVersion(Connection connection, ConfigurationStep step)
    {
        if (step is SaveProfile { Profile: { Id.Value: > 0 } profile })
            ProfileTable.RequireVersion(connection, profile);
        else if (step is SaveMailbox { Mailbox: { Id.Value: > 0 } mailbox })
            MailboxTable.RequireVersion(connection, mailbox);
        else if (step is SaveSettings { Settings: var settings })
            SettingsTable.RequireVersion(connection, settings);
    }

    private void Run(Connection connection, ConfigurationStep step)
    {
        switch (step)
        {
            case SaveProfile { Profile.Id.Value: 0 } made:
                profiles.Create(connection, made.Profile, made.Secrets);
                break;
            case SaveProfile changed:
                profiles.Change(connection, changed.Profile, changed.Secrets);
                break;
            case SaveMailbox saved:
                Mailbox mailbox = saved.Mailbox with { Profile = Named(connection, saved.ProfileName) };
                if (mailbox.Id.Value == 0)
                    mailboxes.Create(connection, mailbox, saved.Secrets);
                else
                    mailboxes.Change(connection, mailbox, saved.Secrets);
                break;
            case SaveSettings saved:
                SettingsTable.Change(connection, saved.Settings with { DefaultProfile = saved.DefaultProfileName is { } name ? Named(connection, name) : null });
                break;
            case DeleteMailbox deleted:
                MailboxTable.Delete(connection, deleted.Mailbox);
                break;
            case DeleteProfile deleted:
                ProfileTable.Delete(connection, deleted.Profile);
                break;
            default:
                throw new UnreachableException($"There is no step {step.GetType().Name}.");
        }
    }

    private static ProfileId Named(Connection connection, string name) =>
        (ProfileTable.Find(connection, name) ?? throw new NotStoredException($"profile '{name}'")).Id;
}
