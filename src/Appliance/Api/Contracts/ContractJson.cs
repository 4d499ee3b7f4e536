using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace EmailSync.Appliance.Api.Contracts;

/// <summary>
/// How contracts are written: camelCase, enumerations by name in kebab-case, nulls left out; and read: unknown and repeated fields are
/// refused, enumerations are taken by name or by the number that the original gives them.
/// </summary>
[JsonSerializable(typeof(ProfileInput))]
[JsonSerializable(typeof(ProfileContract))]
[JsonSerializable(typeof(Page<ProfileContract>))]
[JsonSerializable(typeof(MailboxInput))]
[JsonSerializable(typeof(MailboxContract))]
[JsonSerializable(typeof(Page<MailboxContract>))]
[JsonSerializable(typeof(EmailInput))]
[JsonSerializable(typeof(EmailContract))]
[JsonSerializable(typeof(AcknowledgementInput))]
[JsonSerializable(typeof(AcknowledgementContract))]
[JsonSerializable(typeof(Page<EmailContract>))]
[JsonSerializable(typeof(AlertContract))]
[JsonSerializable(typeof(Page<AlertContract>))]
[JsonSerializable(typeof(Page<AlertEntryContract>))]
[JsonSerializable(typeof(TestContract))]
[JsonSerializable(typeof(TestJobInput))]
[JsonSerializable(typeof(TestJobContract))]
[JsonSerializable(typeof(Page<TestJobContract>))]
[JsonSerializable(typeof(Page<TestEventContract>))]
[JsonSerializable(typeof(TestNewsContract))]
[JsonSerializable(typeof(RescanContract))]
[JsonSerializable(typeof(BulkContract))]
[JsonSerializable(typeof(SettingsContract))]
[JsonSerializable(typeof(DeploymentContract))]
[JsonSerializable(typeof(StatusContract))]
[JsonSerializable(typeof(TokenInput))]
[JsonSerializable(typeof(TokenContract))]
[JsonSerializable(typeof(Page<TokenContract>))]
[JsonSerializable(typeof(AuditContract))]
[JsonSerializable(typeof(Page<AuditContract>))]
[JsonSerializable(typeof(ConfigurationContract))]
[JsonSerializable(typeof(KnownUniqueIdsInput))]
[JsonSerializable(typeof(PlanContract))]
[JsonSerializable(typeof(BackupInput))]
[JsonSerializable(typeof(RotationContract))]
[JsonSerializable(typeof(Problem))]
[JsonSerializable(typeof(JsonObject))]
public sealed partial class ContractJson : JsonSerializerContext
{
    /// <summary>The one to use: it has the rules above, which <see cref="Default"/> has not.</summary>
    public static ContractJson Contract { get; } = new(Apply(new()));

    /// <summary>A value of an enumeration as it is written.</summary>
    public static string NameOf<T>(T value) where T : struct, Enum => JsonSerializer.SerializeToNode(value, Contract.Options.GetTypeInfo(typeof(T)))!.ToString();

    /// <summary>Sets the rules.</summary>
    public static JsonSerializerOptions Apply(JsonSerializerOptions options)
    {
        options.PropertyNamingPolicy = JsonNamingPolicy.CamelCase;
        // The defaults of the web would take "NAME" for name, and "995" for 995.
        options.PropertyNameCaseInsensitive = false;
        options.NumberHandling = JsonNumberHandling.Strict;
        options.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
        options.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
        options.AllowDuplicateProperties = false;
        options.MaxDepth = 16;
        options.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower));
        return options;
    }
}
