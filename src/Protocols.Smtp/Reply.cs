using System.Text;
using EmailSync.Protocols.Wire;

namespace EmailSync.Protocols.Smtp;

/// <summary>What the server answered to one command (RFC 5321 section 4.2).</summary>
/// <param name="Code">Three digits; also ones no document lists. Only the first decides (RFC 5321 section 4.2.1).</param>
/// <param name="Status">The enhanced code at the start of the text, if there is one; never of another class than the code.</param>
/// <param name="Lines">The text, line by line, as the server wrote it but made safe to show: a stranger's words.</param>
public sealed record Reply(int Code, EnhancedStatusCode? Status, IReadOnlyList<string> Lines)
{
    /// <summary>2yz: done.</summary>
    public bool IsPositive => Code / 100 == 2;

    /// <summary>4yz: not now; the same again later may succeed.</summary>
    public bool IsTransient => Code / 100 == 4;

    /// <summary>5yz: not at all.</summary>
    public bool IsPermanent => Code / 100 == 5;

    /// <summary>The text in one line.</summary>
    public string Text => Lines.Count == 1 ? Lines[0] : string.Join(' ', Lines);

    internal bool IsNegative => Code >= 400;

    /// <summary>421: the server closes the connection (RFC 5321 section 3.8).</summary>
    internal bool IsClosing => Code == 421;

    internal Reply EnsurePositive(Phase phase) => IsPositive ? this : throw new SmtpNegativeReplyException(phase, this);

    /// <summary>The reply for people, where it was read verbatim for us.</summary>
    internal Reply MadeSafe() => this with { Lines = [.. Lines.Select(line => ServerText.Show(Encoding.Latin1.GetBytes(line)))] };

    /// <summary>Code and text.</summary>
    public override string ToString() => Text.Length == 0 ? $"{Code}" : $"{Code} {Text}";
}
