using System.CommandLine;
using System.Globalization;

namespace EmailSync.Appliance.Demo;

/// <summary>An option that takes a whole number within bounds, and says so where it is given another.</summary>
internal static class WholeNumber
{
    /// <summary>The option.</summary>
    public static Option<int> Option(string name, string description, int usual, int least, int most)
    {
        Option<int> option = new(name) { Description = description, DefaultValueFactory = _ => usual, HelpName = "N" };
        option.Validators.Add(result =>
        {
            // What is no number at all is told by the parser; asking for its value would throw.
            if (result.Tokens is [{ Value: var typed }] && int.TryParse(typed, CultureInfo.InvariantCulture, out int number) && (number < least || number > most))
                result.AddError(string.Create(CultureInfo.InvariantCulture, $"{name} is a number from {least} to {most}."));
        });
        return option;
    }
}
