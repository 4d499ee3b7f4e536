namespace EmailSync.Protocols.Testing;

/// <summary>
/// A conversation over a transcript, held again for every way in which a network may deliver it: line by line, glued together, by 1, 2, 3
/// and 7 octets, with a split after every octet; and, after every octet, with an end, which the client must notice. There is no way to play
/// a transcript less thoroughly, but <see cref="Pause"/> for one that stops.
/// </summary>
/// <remarks>The form of a transcript is that of <see cref="ScriptedPeer"/>.</remarks>
public static class Transcript
{
    // Only a conversation that hangs takes longer, and then the test says where.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Holds a conversation that is played to the transcript's end. Where the server closes too early, it must end with one of the clients'
    /// exceptions; inside and behind an <c>S?</c> line it may also end well.
    /// </summary>
    /// <param name="script">The transcript.</param>
    /// <param name="conversation">What the client does, and what the test expects of it. It is called many times.</param>
    /// <param name="isEncrypted">The stream says that it is encrypted from its first octet.</param>
    public static Task PlayAsync(string script, Func<ScriptedPeer, Task> conversation, bool isEncrypted = false) =>
        PlayAsync(script, conversation, isEncrypted, isBreach: false);

    /// <summary>
    /// Holds a conversation in which the server breaks the rules or refuses all of it: what is expected of the client is its exception. What
    /// the server has left to say then may stay unsaid, and the same is expected, or the end of the connection, where it closes too early.
    /// </summary>
    /// <inheritdoc cref="PlayAsync(string, Func{ScriptedPeer, Task}, bool)"/>
    public static Task BreakAsync(string script, Func<ScriptedPeer, Task> conversation, bool isEncrypted = false) =>
        PlayAsync(script, conversation, isEncrypted, isBreach: true);

    /// <summary>A peer that stops in the middle, for a test that is about time or about giving up. The transcript has a <c>HANG</c>.</summary>
    public static ScriptedPeer Pause(string script, bool isEncrypted = false) =>
        ScriptStep.Parse(script).Any(step => step.Kind == ScriptStepKind.Hang)
            ? new(script, new Delivery(), isEncrypted)
            : throw new ArgumentException("This transcript does not stop: play it", nameof(script));

    private static async Task PlayAsync(string script, Func<ScriptedPeer, Task> conversation, bool isEncrypted, bool isBreach)
    {
        List<ScriptStep> steps = ScriptStep.Parse(script);
        int[] lines = [.. steps.Where(step => step.Kind == ScriptStepKind.Server).Select(step => step.Octets.Length)];
        int[] points = [.. Delivery.Points(lines)];
        foreach (Delivery delivery in Delivery.InPieces.Concat(points.Skip(1).Select(point => new Delivery { SplitAt = point })))
            await HoldAsync(delivery);
        int needed = steps.TakeWhile(step => !step.IsDispensable).Where(step => step.Kind == ScriptStepKind.Server).Sum(step => step.Octets.Length);
        foreach (int point in points)
            await CutAsync(new() { TruncateAfter = point }, mayEndWell: isBreach || point >= needed);

        async Task HoldAsync(Delivery delivery)
        {
            using ScriptedPeer peer = new(script, delivery, isEncrypted);
            try
            {
                await conversation(peer).WaitAsync(Patience);
                peer.Dispose();
                peer.AssertDone(isBreach);
            }
            catch (Exception e)
            {
                throw new DeliveryException(delivery, peer, e);
            }
        }

        async Task CutAsync(Delivery delivery, bool mayEndWell)
        {
            using ScriptedPeer peer = new(script, delivery, isEncrypted);
            try
            {
                await conversation(peer).WaitAsync(Patience);
            }
            catch (Exception e) when (IsTheClients(e) || (isBreach && IsAnotherBreach(e)))
            {
                return;
            }
            catch (Exception e)
            {
                throw new DeliveryException(delivery, peer, e);
            }
            if (!mayEndWell)
                throw new DeliveryException(delivery, peer, new ScriptMismatchException("The client did not notice that the server had closed"));
        }
    }

    /// <summary>An expectation of what the client would have found out later: anything but that it throws.</summary>
    private static bool IsAnotherBreach(Exception thrown) =>
        thrown.GetType() is { Namespace: "Xunit.Sdk" } type && !type.Name.StartsWith("Throws", StringComparison.Ordinal);

    /// <summary>An exception of the clients' own, or an expectation of another one that found it in its place.</summary>
    private static bool IsTheClients(Exception thrown) => thrown switch
    {
        ScriptMismatchException => false,
        HandshakeFailedException => true,
        _ => thrown.GetType().Namespace is { } place
            && (place.StartsWith("EmailSync.Protocols.", StringComparison.Ordinal)
                || (place == "Xunit.Sdk" && thrown.InnerException is { } inner && IsTheClients(inner))),
    };
}
