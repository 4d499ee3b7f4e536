namespace EmailSync.Protocols.Pop3;

/// <summary>The server answered <c>-ERR</c>. The session goes on, unless the server closes it.</summary>
public sealed class Pop3NegativeResponseException : Exception
{
    internal Pop3NegativeResponseException(string command, Pop3Response response, string? detail = null)
        : base(Describe(command, response, detail))
    {
        Command = command;
        Response = response;
        Detail = detail;
    }

    /// <summary>What was refused: the command's keyword, or <c>greeting</c>.</summary>
    public string Command { get; }

    /// <summary>The response, with the server's text and code.</summary>
    public Pop3Response Response { get; }

    /// <summary>What the sign-in mechanism learned besides: the provider's reason for refusing a token. Made safe to show; null if nothing.</summary>
    public string? Detail { get; }

    private static string Describe(string command, Pop3Response response, string? detail)
    {
        string said = response.Text.Length > 0 ? $"the server said \"{response.Text}\"" : "the server gave no reason";
        return detail is null ? $"{command} was refused; {said}" : $"{command} was refused; {said} and \"{detail}\"";
    }
}
