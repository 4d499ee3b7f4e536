using System.CommandLine;

namespace EmailSync.Appliance.Cli;

/// <summary>Options whose value is one of a few words.</summary>
internal static class ChoiceOption
{
    /// <summary>Refuses what is none, and says at which option that was.</summary>
    public static void Require<T>(Option<T> option, params IReadOnlyCollection<string> choices)
    {
        option.AcceptOnlyFromAmong([.. choices]); // for help and completion
        option.Validators.Clear();
        option.Validators.Add(result =>
        {
            foreach (string value in result.Tokens.Select(token => token.Value).Where(value => !choices.Contains(value)))
                result.AddError($"{option.Name} is {string.Join(" or ", choices.Where(choice => choice.Length > 0))}; '{value}' is none of them.");
        });
    }
}
