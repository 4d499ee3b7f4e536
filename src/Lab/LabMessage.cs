namespace EmailSync.Lab;

/// <summary>One message of a maildrop: content that many messages may share, and the number that makes it this one.</summary>
/// <remarks>Two words each, so that a maildrop of a million messages is 16 MB.</remarks>
internal readonly record struct LabMessage(MessageContent Content, ulong Identity)
{
    public string UniqueId => Identity.ToString("x16", System.Globalization.CultureInfo.InvariantCulture);
}
