using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using EmailSync.Appliance.Api.Contracts;

namespace EmailSync.Appliance.Cli;

/// <summary>
/// An option for each field of a contract, made from the contract itself, so that what the API takes the command line takes too. A secret is
/// never an option's value, which every process of the machine can read: its option names a file.
/// </summary>
internal sealed class FieldOptions
{
    private readonly ControlEnvironment _environment;
    private readonly List<(Option<string> Option, Func<string, JsonNode?> Read, string Field)> _options = [];

    /// <summary>Makes the options.</summary>
    /// <param name="environment">For secrets.</param>
    /// <param name="contract">What goes to the API.</param>
    /// <param name="without">Fields that are given in another way.</param>
    public FieldOptions(ControlEnvironment environment, JsonTypeInfo contract, params IReadOnlyCollection<string> without)
    {
        _environment = environment;
        foreach (JsonPropertyInfo field in contract.Properties.Where(field => !without.Contains(field.Name)))
            Add(field);
    }

    /// <summary>The options.</summary>
    public IEnumerable<Option> All => _options.Select(entry => entry.Option);

    /// <summary>The fields whose options were given; an empty value puts a field back to its default.</summary>
    public JsonObject Read(ParseResult parse)
    {
        JsonObject fields = [];
        foreach ((Option<string> option, Func<string, JsonNode?> read, string field) in _options)
        {
            if (parse.GetResult(option) is { Implicit: false })
                fields[field] = parse.GetValue(option) is { Length: > 0 } text ? read(text) : null;
        }
        return fields;
    }

    /// <summary>Makes it an error to give none of them.</summary>
    public Command RequireOn(Command command)
    {
        command.Validators.Add(result =>
        {
            if (!_options.Exists(entry => result.GetResult(entry.Option) is { Implicit: false }))
                result.AddError("Give at least one field to change.");
        });
        return command;
    }

    private void Add(JsonPropertyInfo field)
    {
        string name = JsonNamingPolicy.KebabCaseLower.ConvertName(field.Name);
        string help = FieldHelp.Of(field.Name);
        if (SecretFields.IsOne(field.Name))
        {
            Add(new($"--{name}-file") { HelpName = "FILE", Description = $"{help} Its first line is taken; - asks, or reads standard input." },
                file => JsonValue.Create(_environment.ReadSecret(file, "Password: ")), field.Name);
            return;
        }
        if (field.Name == "trustedCertificates")
        {
            Add(new($"--{name}") { HelpName = "FILE", Description = help }, file => File.ReadAllText(file), field.Name);
            return;
        }

        Option<string> option = new($"--{name}") { Description = help };
        Type type = Nullable.GetUnderlyingType(field.PropertyType) ?? field.PropertyType;
        if (type == typeof(bool))
        {
            ChoiceOption.Require(option, "true", "false", "");
            Add(option, text => JsonValue.Create(bool.Parse(text)), field.Name);
        }
        else if (type == typeof(int) || type == typeof(long))
        {
            option.HelpName = "N";
            option.Validators.Add(result =>
            {
                if (result.Tokens is [{ Value.Length: > 0 } token]
                    && !(long.TryParse(token.Value, NumberStyles.None, CultureInfo.InvariantCulture, out long number) && (type == typeof(long) || number <= int.MaxValue)))
                    result.AddError($"--{name} is a number; '{token.Value}' is none that it can be.");
            });
            Add(option, text => JsonValue.Create(long.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture)), field.Name);
        }
        else
        {
            if (type.IsEnum)
                ChoiceOption.Require(option, [.. NamesOf(type), ""]);
            else if (type == typeof(DateTimeOffset))
                TimeOption.Require(option);
            else
                option.HelpName = "TEXT";
            Add(option, text => JsonValue.Create(text), field.Name);
        }
    }

    private void Add(Option<string> option, Func<string, JsonNode?> read, string field) => _options.Add((option, read, field));

    private static IEnumerable<string> NamesOf(Type type)
    {
        JsonTypeInfo names = ContractJson.Contract.Options.GetTypeInfo(type);
        return Enum.GetValues(type).Cast<object>().Select(value => JsonSerializer.SerializeToNode(value, names)!.ToString());
    }
}
