using System.CommandLine;
using System.Text.Json.Nodes;
using EmailSync.Appliance.Api.Contracts;

namespace EmailSync.Appliance.Cli;

/// <summary><c>emailsync profile</c>.</summary>
internal static class ProfileCommands
{
    private const string Help =
        """
        Email server profiles: one server pair, and how to sign in to it.

        Examples:
          emailsync profile create example --incoming-server-location pop.example.com --outgoing-server-location smtp.example.com
          emailsync profile update example --outgoing-port 587
          emailsync profile test example
          emailsync profile list --output json
        """;

    /// <summary>The verbs.</summary>
    public static Command Create(VerbRunner runner)
    {
        Argument<string> name = new("NAME") { Description = "A name that tells it from others." };
        Argument<string> profile = new("PROFILE") { Description = "A profile's id or name." };
        Argument<string[]> profiles = new("PROFILE") { Description = "Profiles' ids or names.", Arity = ArgumentArity.OneOrMore };
        FieldOptions forCreation = new(runner.Environment, ContractJson.Contract.ProfileInput, "name");
        FieldOptions forUpdate = new(runner.Environment, ContractJson.Contract.ProfileInput);
        return new Command("profile", Help)
        {
            MailboxTestCommand.CreateForProfile(runner),
            runner.Create("list", "Lists all profiles.", ListAsync),
            runner.Create("show", "Shows a profile.", verb => ShowAsync(verb, verb.Parse.GetRequiredValue(profile)), profile),
            runner.Create("create", "Creates a profile.", verb => CreateAsync(verb, verb.Parse.GetRequiredValue(name), forCreation), [name, .. forCreation.All]),
            forUpdate.RequireOn(runner.Create("update", "Changes the fields that are given; an empty value puts one back to its default.",
                verb => UpdateAsync(verb, verb.Parse.GetRequiredValue(profile), forUpdate), [profile, .. forUpdate.All])),
            runner.Create("delete", "Deletes profiles that no mailbox uses.", verb => verb.ForEachAsync(verb.Parse.GetRequiredValue(profiles), async each =>
            {
                await verb.Appliance.DeleteAsync(PathOf(each), verb.Cancellation);
                verb.Output.Did(each, "deleted");
            }), profiles),
        };
    }

    private static string PathOf(string profile) => $"profiles/{Uri.EscapeDataString(profile)}";

    private static async Task ListAsync(Verb verb)
    {
        Answer<Page<ProfileContract>> answer = await verb.Appliance.GetAsync("profiles", ContractJson.Contract.PageProfileContract, verb.Cancellation);
        verb.Output.List(
            answer.Value, ContractJson.Contract.PageProfileContract,
            ("ID", profile => profile.Id),
            ("NAME", profile => profile.Name),
            ("INCOMING", profile => Server(profile.IncomingServerLocation, profile.IncomingPort)),
            ("OUTGOING", profile => Server(profile.OutgoingServerLocation, profile.OutgoingPort)),
            ("STATE", profile => ContractJson.NameOf(profile.State)));
    }

    private static string? Server(string? location, int? port) => location is null ? null : $"{location}:{port}";

    private static async Task ShowAsync(Verb verb, string profile)
    {
        Answer<ProfileContract> answer = await verb.Appliance.GetAsync(PathOf(profile), ContractJson.Contract.ProfileContract, verb.Cancellation);
        verb.Output.Show(answer.Value, ContractJson.Contract.ProfileContract);
    }

    private static async Task CreateAsync(Verb verb, string name, FieldOptions options)
    {
        JsonObject fields = options.Read(verb.Parse);
        fields["name"] = name;
        Answer<ProfileContract> answer = await verb.Appliance.PostAsync(
            "profiles", fields, ContractJson.Contract.JsonObject, ContractJson.Contract.ProfileContract, verb.Cancellation);
        verb.Output.Show(answer.Value, ContractJson.Contract.ProfileContract);
    }

    private static async Task UpdateAsync(Verb verb, string profile, FieldOptions options) => verb.Output.Show(
        await verb.UpdateAsync(PathOf(profile), options.Read(verb.Parse), ContractJson.Contract.ProfileContract), ContractJson.Contract.ProfileContract);
}
