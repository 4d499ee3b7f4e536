using System.Text.Json;
using System.Text.Json.Serialization;
using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Store.Sqlite;

/// <summary>
/// The recipients of an outgoing email in one column, as JSON: they are always read and written as a whole. Names and numbers are the
/// stored form's own, so that the model's may change.
/// </summary>
internal static class RecipientsColumn
{
    public static string Write(IEnumerable<Recipient> recipients) => JsonSerializer.Serialize(
        recipients.Select(recipient => new StoredRecipient(
            recipient.Address, (int)recipient.State, recipient.ReplyCode, recipient.EnhancedCode, recipient.ReplyText)).ToArray(),
        StoredJson.Default.StoredRecipientArray);

    public static IReadOnlyList<Recipient> Read(string? stored) => stored is null
        ? []
        : Array.ConvertAll(
            JsonSerializer.Deserialize(stored, StoredJson.Default.StoredRecipientArray)!,
            recipient => new Recipient(
                recipient.Address, (RecipientState)recipient.State, recipient.ReplyCode, recipient.EnhancedCode, recipient.ReplyText));
}

/// <summary>A recipient as it is stored.</summary>
internal sealed record StoredRecipient(string Address, int State, int? ReplyCode, string? EnhancedCode, string? ReplyText);

/// <summary>The JSON of the columns that hold some.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    // A document that this version does not understand in full is an error, never a silent default.
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(OAuthClient))]
[JsonSerializable(typeof(StoredRecipient[]))]
[JsonSerializable(typeof(Settings))]
[JsonSerializable(typeof(TestResult))]
[JsonSerializable(typeof(StoreCheck))]
internal sealed partial class StoredJson : JsonSerializerContext;
