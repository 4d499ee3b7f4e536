namespace EmailSync.Appliance.Model;

/// <summary>What can be due for a mailbox.</summary>
public enum Work
{
    /// <summary>Poll its maildrop.</summary>
    Receive,

    /// <summary>Send its outbox.</summary>
    Send,

    /// <summary>Test &amp; Enable.</summary>
    Test,
}
