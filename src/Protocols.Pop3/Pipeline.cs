using EmailSync.Protocols.Wire;

namespace EmailSync.Protocols.Pop3;

/// <summary>
/// Sends commands ahead of their responses, in a sliding window: reading never waits for writing, so a server that stops reading until
/// its responses are taken cannot stop us (RFC 2449 section 6.6). Without PIPELINING the window is one command.
/// </summary>
/// <remarks>
/// A batch would be a barrier that costs a round trip each. The window is refilled when a quarter of it is answered, and is as wide as
/// keeps the content under way below <see cref="Pop3Options.MaxContentAhead"/>.
/// </remarks>
internal sealed class Pipeline(Dialogue dialogue, Deadline deadline)
{
    /// <summary>The window before any response tells how large they are: some 40 KiB of commands.</summary>
    private const int InitialWindow = 4096;

    /// <summary>However large the messages are, the server should have something to do while a command is on its way.</summary>
    private const int LeastWindow = 4;

    /// <summary>Runs the commands in the current exchange.</summary>
    /// <param name="count">How many commands there are.</param>
    /// <param name="compose">Composes the command of that index.</param>
    /// <param name="readResponseAsync">Reads the response to the command of that index to its end; returns its length in octets.</param>
    public async ValueTask RunAsync(int count, Action<int> compose, Func<int, ValueTask<long>> readResponseAsync)
    {
        bool isOffered = dialogue.Capabilities is { HasPipelining: true };
        int window = isOffered ? Math.Min(InitialWindow, dialogue.Options.MaxCommandsAhead) : 1;
        int sent = 0;
        long octets = 0;
        Task flight = Task.CompletedTask;
        try
        {
            for (int answered = 0; answered < count; answered++)
            {
                bool isDue = (flight.IsCompleted && sent - answered <= window - (window / 4)) || sent == answered;
                if (isDue && sent < count)
                {
                    await flight;
                    for (int end = answered + Math.Min(count - answered, window); sent < end; sent++)
                        compose(sent);
                    flight = dialogue.Wire.FlushAsync(deadline).AsTask();
                }
                octets += await readResponseAsync(answered);
                if (isOffered)
                    window = Window(octets / (answered + 1));
            }
            await flight;
        }
        catch (Exception e)
        {
            // The commands still under way end with the connection; their task is waited for, so that nothing of it is left behind.
            dialogue.Wire.Break(e);
            await flight.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }
    }

    private int Window(long octetsEach)
    {
        long wide = dialogue.Options.MaxContentAhead / Math.Max(octetsEach, 1);
        return (int)Math.Min(Math.Max(wide, LeastWindow), dialogue.Options.MaxCommandsAhead);
    }
}
