namespace EmailSync.Lab;

/// <summary>What generated messages look like.</summary>
public enum MessageMix
{
    /// <summary>In turn: plain text, attachments, 8-bit text, dots at line starts, very long lines, an empty body.</summary>
    Realistic,

    /// <summary>Plain text only, all of one size: for measurements.</summary>
    PlainText,
}
