using System.Reflection;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;

namespace EmailSync.Simulation;

/// <summary>
/// A store that knows profiles and schedules. The scheduler asks for nothing else here, so whatever else a store can do is refused, and a
/// store may learn more without anybody coming back to this file.
/// </summary>
public class SimulatedStore : DispatchProxy
{
    private static readonly StorageHealth Health = new(TimeProvider.System);

    private Dictionary<string, Func<object>> _answers = [];

    /// <summary>Makes one.</summary>
    public static IStore Create(IReadOnlyList<EmailServerProfile> profiles, IEnumerable<MailboxSchedule> schedules) => Proxy<IStore>(
        ("get_" + nameof(IStore.Profiles), () => Proxy<IProfiles>(
            (nameof(IProfiles.ListAsync), () => new ValueTask<IReadOnlyList<EmailServerProfile>>(profiles)))),
        ("get_" + nameof(IStore.Mailboxes), () => Proxy<IMailboxes>(
            (nameof(IMailboxes.SchedulesAsync), () => schedules.ToAsyncEnumerable()))),
        ("get_" + nameof(IStore.Health), () => Health));

    /// <inheritdoc />
    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => _answers.TryGetValue(targetMethod!.Name, out Func<object>? answer)
        ? answer()
        : throw new NotSupportedException($"A simulation has no {targetMethod.Name}.");

    private static T Proxy<T>(params (string Name, Func<object> Answer)[] answers)
        where T : class
    {
        T proxy = Create<T, SimulatedStore>();
        ((SimulatedStore)(object)proxy)._answers = answers.ToDictionary(answer => answer.Name, answer => answer.Answer);
        return proxy;
    }
}
