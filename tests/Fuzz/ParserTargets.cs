using System.Formats.Asn1;
using System.Text;
using EmailSync.Appliance.Egress.Revocation;
using EmailSync.Appliance.Model;
using EmailSync.Protocols.Pop3;
using EmailSync.Protocols.Smtp;
using EmailSync.Protocols.Wire;

namespace EmailSync.Fuzz;

/// <summary>The pure parsers: a value, or a violation of the protocol; and what is true of every value.</summary>
internal static class ParserTargets
{
    // ECDSA over SHA-256, and CN=Test Root.
    private static readonly byte[] ListAlgorithm = Convert.FromHexString("300A06082A8648CE3D040302");
    private static readonly byte[] ListIssuer = Convert.FromHexString("30143112301006035504030C095465737420526F6F74");

    public static void Pop3Response(byte[] octets)
    {
        foreach (bool hasResponseCodes in (bool[])[false, true])
        {
            if (Parsed(() => Protocols.Pop3.Pop3Response.Parse(octets, hasResponseCodes)) is not { } response)
                continue;
            FindingException.Unless(IsSafe(response.Text), "the text of a response is safe to show");
            FindingException.Unless(response.Code is not { } code || (code.IsWithin(code) && IsSafe(code.Value)), "a response code is within itself");
            FindingException.Unless(hasResponseCodes || response.Code is null, "no code where none was announced");
        }
        FindingException.Unless(ApopTimestamp.Find(octets) is not { } timestamp || MsgId.IsStrict(Encoding.ASCII.GetBytes(timestamp)), "a timestamp is a msg-id");
    }

    public static void Pop3Listing(byte[] octets)
    {
        foreach (byte[] line in Lines(octets))
        {
            FindingException.Unless(Parsed(() => ScanListing.Parse(line)) is not { } scan || scan is { MessageNumber: > 0, Octets: >= 0 }, "numbers are in range");
            FindingException.Unless(Parsed(() => DropListing.Parse(line)) is not { } drop || drop is { Messages: >= 0, Octets: null or >= 0 }, "counts are in range");
            if (Parsed(() => UniqueIdListing.Parse(line)) is { } unique)
                FindingException.Unless(unique.MessageNumber > 0 && (!unique.IsConforming || unique.IsUsable), "what conforms is usable");
            Language language = Language.Parse(line);
            FindingException.Unless(IsSafe(language.Tag) && IsSafe(language.Description), "a language is safe to show");
        }
    }

    public static void Pop3Capabilities(byte[] octets)
    {
        Pop3Capabilities capabilities = new();
        foreach (byte[] line in Lines(octets))
            capabilities.Add(line);
        FindingException.Unless(capabilities.Names.All(capabilities.Has), "what is listed is there");
        FindingException.Unless(capabilities.LoginDelay is not { } delay || delay >= TimeSpan.Zero, "a delay is not negative");
        FindingException.Unless(capabilities.ExpireDays is not < 0, "an expiry is not negative");
        FindingException.Unless(IsSafe(capabilities.Implementation ?? ""), "the implementation is safe to show");
        FindingException.Unless(capabilities.SaslMechanisms is null == !capabilities.Has("SASL"), "mechanisms where SASL is announced");
    }

    public static void SmtpReply(byte[] octets)
    {
        foreach (byte[] line in Lines(octets))
        {
            if (Parsed(() => ReplyLine.Parse(line)) is not { } reply)
                continue;
            FindingException.Unless(reply.Code is >= 200 and <= 559 && IsSafe(reply.Text), "a code is in range, its text safe to show");
            FindingException.Unless(reply.Status is not { } status || status.Class == reply.Code / 100, "the enhanced code is of the reply's class");
            FindingException.Unless(ReplyLine.ParseVerbatim(line).Text.Length == Math.Max(line.Length - 4, 0), "nothing of a verbatim text is lost");
        }
    }

    public static void SmtpExtensions(byte[] octets)
    {
        ServiceExtensions extensions = ServiceExtensions.Parse(Lines(octets).Select(Encoding.Latin1.GetString));
        FindingException.Unless(extensions.MaxSize is not <= 0, "a size is positive");
        FindingException.Unless(extensions.Limits is { Transactions: not <= 0, Recipients: not <= 0, RecipientDomains: not <= 0 }, "a limit is positive");
        FindingException.Unless(!extensions.Has("") && extensions.HasStartTls == extensions.Has("starttls"), "keywords are compared without case");
    }

    public static void MailPath(byte[] octets)
    {
        string text = Encoding.UTF8.GetString(octets);
        if (!Protocols.Smtp.MailPath.TryParse(text, out MailPath path))
            return;
        FindingException.Unless(!path.Mailbox.Any(char.IsControl), "a path holds no control character");
        FindingException.Unless(Encoding.UTF8.GetByteCount(path.Mailbox) <= 254, "a path has at most 254 octets");
        FindingException.Unless(Protocols.Smtp.MailPath.TryParse(path.Mailbox, out MailPath again) && again == path, $"what was read reads the same again: {path.Mailbox}");
    }

    public static void HeaderPeek(byte[] octets)
    {
        EmailHeaders headers = Appliance.Store.HeaderPeek.Read(octets);
        string?[] fields = [headers.From, headers.To, headers.Cc, headers.Subject];
        FindingException.Unless(fields.All(field => field is null || field.Length <= Appliance.Store.HeaderPeek.MaximumFieldLength), "a field is bounded");
        FindingException.Unless(fields.All(field => field is null || !field.Contains('\n', StringComparison.Ordinal)), "a field is one line");
    }

    public static void RevocationList(byte[] octets)
    {
        try
        {
            RevocationList list = RevocationListReader.ReadContent(octets, ListAlgorithm, ListIssuer);
            FindingException.Unless(list.Count <= octets.Length && list.Scope.Points.Count <= octets.Length, "a list names no more than it has octets");
        }
        catch (Exception refused) when (refused is InvalidDataException or AsnContentException)
        {
            // It is no list.
        }
    }

    public static void ServerText(byte[] octets)
    {
        string shown = Protocols.Wire.ServerText.Show(octets);
        FindingException.Unless(shown.Length <= Protocols.Wire.ServerText.MaxLength && IsSafe(shown), "shown text is bounded and safe");
    }

    private static bool IsSafe(string text) => text.All(c => !char.IsControl(c) && char.GetUnicodeCategory(c) is not
        (System.Globalization.UnicodeCategory.Format or System.Globalization.UnicodeCategory.LineSeparator or System.Globalization.UnicodeCategory.ParagraphSeparator));

    private static IEnumerable<byte[]> Lines(byte[] octets) =>
        Encoding.Latin1.GetString(octets).Split("\r\n").Select(Encoding.Latin1.GetBytes);

    private static T? Parsed<T>(Func<T> parse) where T : struct
    {
        try
        {
            return parse();
        }
        catch (ProtocolViolationException)
        {
            return null;
        }
    }
}
