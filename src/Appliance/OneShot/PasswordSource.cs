using EmailSync.Protocols.Wire;

namespace EmailSync.Appliance.OneShot;

/// <summary>
/// Where a password comes from: a file, the environment, or a person at the terminal. Never the command line, which every process of the
/// machine can read.
/// </summary>
/// <param name="Variable">Reads a variable of the environment.</param>
/// <param name="Ask">Asks the person; null where there is none.</param>
public sealed record PasswordSource(Func<string, string?> Variable, Func<string, string>? Ask)
{
    /// <summary>The variable that holds it.</summary>
    public const string VariableName = "EMAILSYNC_PASSWORD";

    /// <summary>Finds the password of a user.</summary>
    /// <param name="user">Whose, for the question.</param>
    /// <param name="file">The file whose first line it is; null where none was named.</param>
    /// <exception cref="ToolException">There is none.</exception>
    public Secret Find(string user, string? file)
    {
        if (file is not null)
            return new(ReadFirstLine(file));
        if (Variable(VariableName) is { Length: > 0 } password)
            return new(password);
        if (Ask is not null)
            return new(Ask($"Password of {user}: "));
        throw new ToolException(
            "There is no password, and no terminal to ask at.",
            $"Name a file with --password-file, or set {VariableName}.") { IsUsage = true };
    }

    private static string ReadFirstLine(string file)
    {
        try
        {
            using StreamReader reader = new(file);
            return reader.ReadLine() is { Length: > 0 } line
                ? line
                : throw new ToolException($"The password file '{file}' is empty.", "Its first line is the password.") { IsUsage = true };
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ToolException($"The password file cannot be read: {exception.Message}", "Check its path and its mode.") { IsUsage = true };
        }
    }
}
