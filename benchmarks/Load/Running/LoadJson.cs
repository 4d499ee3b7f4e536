using System.Text.Json.Serialization;
using EmailSync.Load.Clients;
using EmailSync.Load.Reporting;
using EmailSync.Load.Server;

namespace EmailSync.Load.Running;

/// <summary>What the processes of a run say to each other, and what a run leaves behind.</summary>
[JsonSourceGenerationOptions(UseStringEnumConverter = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ServerPlan))]
[JsonSerializable(typeof(ServerHello))]
[JsonSerializable(typeof(ServerReport))]
[JsonSerializable(typeof(ClientPlan))]
[JsonSerializable(typeof(Measurement))]
[JsonSerializable(typeof(RunReport))]
internal sealed partial class LoadJson : JsonSerializerContext;
