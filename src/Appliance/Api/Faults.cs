using System.Globalization;
using EmailSync.Appliance.Api.Contracts;
using EmailSync.Appliance.Model;

namespace EmailSync.Appliance.Api;

/// <summary>Everything that is wrong with a request: collected, so that all of it is told at once.</summary>
public sealed class Faults
{
    private readonly List<Fault> _faults = [];

    /// <summary>Something is wrong.</summary>
    public void Add(string field, string? value, string reason, string remedy) => _faults.Add(new(field, value, reason, remedy));

    /// <summary>Reads a part of a document; what is wrong with it is told with the others, with the part's name before its field. Null where something is.</summary>
    public async Task<T?> PartAsync<T>(string part, Func<Task<T>> read) where T : class
    {
        try
        {
            return await read();
        }
        catch (InvalidRequestException refused)
        {
            _faults.AddRange(refused.Faults.Select(fault => fault with { Field = $"{part}/{fault.Field}" }));
            return null;
        }
    }

    /// <summary>Ends the request where anything is wrong.</summary>
    /// <exception cref="InvalidRequestException">Something is.</exception>
    public void ThrowIfAny()
    {
        if (_faults.Count > 0)
            throw new InvalidRequestException(_faults);
    }

    /// <summary>Text within bounds and without control characters.</summary>
    public string Text(string field, string? value, int least, int most, string byDefault)
    {
        string text = value?.Trim() ?? byDefault;
        if (text.Length < least || text.Length > most)
            Add(field, value, least > 0 && text.Length == 0 ? "It is needed." : $"It has {text.Length} characters.", $"Give {least} to {most} characters.");
        if (text.Any(character => char.IsControl(character) && (most <= 250 || character is not ('\n' or '\r' or '\t'))))
            Add(field, null, "There is a control character in it.", "Leave it out.");
        return text;
    }

    /// <summary>Text that may be missing.</summary>
    public string? OptionalText(string field, string? value, int most) => value is null ? null : Text(field, value, 1, most, "");

    /// <summary>A number within bounds.</summary>
    public int Number(string field, int? value, int least, int most, int byDefault)
    {
        int number = value ?? byDefault;
        if (number < least || number > most)
            Add(field, number.ToString(CultureInfo.InvariantCulture), "It is out of bounds.", string.Create(CultureInfo.InvariantCulture, $"Give {least} to {most}."));
        return number;
    }

    /// <summary>One of the values of an enumeration.</summary>
    public T Choice<T>(string field, T? value, T byDefault) where T : struct, Enum
    {
        T choice = value ?? byDefault;
        if (!Enum.IsDefined(choice))
            Add(field, choice.ToString(), "There is no such value.", $"Give one of {string.Join(", ", Enum.GetValues<T>().Select(ContractJson.NameOf))}.");
        return choice;
    }

    /// <summary>An email address that may be missing.</summary>
    public string? Address(string field, string? value)
    {
        if (value is null)
            return null;
        string address = value.Trim();
        if (WhyNotAddress(address) is { } reason)
            Add(field, value, reason, "Give an address such as support@example.com.");
        return address;
    }

    /// <summary>A secret within bounds that can go into every exchange; its value is never repeated.</summary>
    public void Secret(string field, string? value, int most)
    {
        if (value is null)
            return;
        if (value.Length == 0 || value.Length > most)
            Add(field, null, value.Length == 0 ? "It is empty." : $"It has {value.Length} characters.", $"Give 1 to {most} characters.");
        if (value.AsSpan().IndexOfAny('\r', '\n', '\0') >= 0)
            Add(field, null, "There is a line end or a NUL in it, which no mail server takes.", "Check that nothing was copied along with the password.");
    }

    // The full grammar is the SMTP client's (MailPath); here it is enough that an address is one, and safe wherever it goes.
    private static string? WhyNotAddress(string address)
    {
        int at = address.LastIndexOf('@');
        if (at <= 0 || at == address.Length - 1 || address.Length > 254)
            return "It is not an email address.";
        if (address.Any(character => char.IsControl(character) || character is ' ' or '<' or '>' or ','))
            return "There is a blank, a bracket, a comma or a control character in the address.";
        return HostName.TryParse(address[(at + 1)..], out _, out string? reason) ? null : reason;
    }
}
