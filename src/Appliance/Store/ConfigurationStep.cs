using EmailSync.Appliance.Model;
using EmailSync.Protocols.Wire;

namespace EmailSync.Appliance.Store;

/// <summary>A secret that is stored along with its owner, a profile or a mailbox, in one transaction.</summary>
/// <param name="Kind">Which of the owner's secrets.</param>
/// <param name="Secret">What it is.</param>
public readonly record struct GivenSecret(SecretKind Kind, Secret Secret);

/// <summary>One part of a change of the configuration.</summary>
public abstract record ConfigurationStep;

/// <summary>A profile is made (where it has no id) or changed.</summary>
public sealed record SaveProfile(EmailServerProfile Profile, IReadOnlyList<GivenSecret> Secrets) : ConfigurationStep;

/// <summary>A mailbox is made (where it has no id) or changed. Its profile goes by its name, because an earlier step may make it.</summary>
public sealed record SaveMailbox(Mailbox Mailbox, string ProfileName, IReadOnlyList<GivenSecret> Secrets) : ConfigurationStep;

/// <summary>The settings are changed. Their default profile goes by its name, because an earlier step may make it.</summary>
public sealed record SaveSettings(Settings Settings, string? DefaultProfileName) : ConfigurationStep;

/// <summary>A mailbox is deleted.</summary>
public sealed record DeleteMailbox(MailboxId Mailbox) : ConfigurationStep;

/// <summary>A profile is deleted.</summary>
public sealed record DeleteProfile(ProfileId Profile) : ConfigurationStep;
