using System.Text.Json;
using System.Text.Json.Serialization;

namespace EmailSync.Appliance.Api.Contracts;

/// <summary>
/// How contracts are written: camelCase, enumerations in kebab-case, nulls left out; and read: unknown and duplicate fields are refused.
/// </summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    AllowDuplicateProperties = false,
    MaxDepth = 16,
    Converters = [typeof(KebabCaseEnumConverter)])]
[JsonSerializable(typeof(ProfileInput))]
[JsonSerializable(typeof(ProfileContract))]
[JsonSerializable(typeof(Page<ProfileContract>))]
[JsonSerializable(typeof(MailboxInput))]
[JsonSerializable(typeof(MailboxContract))]
[JsonSerializable(typeof(Page<MailboxContract>))]
[JsonSerializable(typeof(EmailInput))]
[JsonSerializable(typeof(EmailContract))]
[JsonSerializable(typeof(Page<EmailContract>))]
[JsonSerializable(typeof(AlertContract))]
[JsonSerializable(typeof(Page<AlertContract>))]
[JsonSerializable(typeof(TestContract))]
[JsonSerializable(typeof(SettingsContract))]
[JsonSerializable(typeof(StatusContract))]
[JsonSerializable(typeof(Problem))]
public sealed partial class ContractJson : JsonSerializerContext;

/// <summary>Enumerations by their names in kebab-case, or by the numbers of the original where they have them.</summary>
public sealed class KebabCaseEnumConverter() : JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower);
