using System.Text;
using EmailSync.Protocols.Wire.Sasl;

namespace EmailSync.Protocols.Wire.Tests.Sasl;

/// <summary>Challenges and responses as text.</summary>
internal static class Conversation
{
    public static async Task<string> AnswerAsync(this SaslMechanism mechanism, string challenge = "") =>
        Encoding.UTF8.GetString(await mechanism.RespondAsync(Encoding.UTF8.GetBytes(challenge), TestContext.Current.CancellationToken));
}
