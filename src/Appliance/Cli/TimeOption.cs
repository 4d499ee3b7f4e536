using System.CommandLine;
using System.Globalization;

namespace EmailSync.Appliance.Cli;

/// <summary>Options whose value is a moment, in the form that the API takes.</summary>
internal static class TimeOption
{
    private static readonly string[] Forms = ["yyyy-MM-dd'T'HH:mm:ss'Z'", "yyyy-MM-dd'T'HH:mm:sszzz", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFzzz"];

    /// <summary>Refuses what is none; an empty value puts the field back.</summary>
    public static void Require(Option option)
    {
        option.HelpName = "TIME";
        option.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value.Length: > 0 } token]
                && !DateTimeOffset.TryParseExact(token.Value, Forms, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out _))
                result.AddError($"{option.Name} is a time such as 2026-01-31T08:00:00Z; '{token.Value}' is none.");
        });
    }
}
