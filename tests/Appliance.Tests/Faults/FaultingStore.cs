using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using EmailSync.Appliance.Store;

namespace EmailSync.Appliance.Tests.Faults;

/// <summary>Which call of the store fails, and whether what it asked for was done.</summary>
internal class StoreFault(int call, bool isDone)
{
    private int _calls;

    /// <summary>The method that failed; null where it did not come to that call.</summary>
    public string? Failed { get; private set; }

    /// <summary>Does it, unless it is this one's turn to fail.</summary>
    public virtual async Task<T> RunAsync<T>(string method, Func<Task<T>> work)
    {
        if (Interlocked.Increment(ref _calls) != call)
            return await work();
        Failed = method;
        if (isDone)
            await work();
        throw new StorageException($"{method} failed on purpose.", new IOException("EIO"));
    }
}

/// <summary>A method of the store that hangs until it is released, as on a machine that stands still.</summary>
internal sealed class StoreHang(string method) : StoreFault(call: 0, isDone: false)
{
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task Reached => _reached.Task;

    public void Release() => _released.SetResult();

    public override async Task<T> RunAsync<T>(string called, Func<Task<T>> work)
    {
        if (called != method)
            return await work();
        _reached.TrySetResult();
        await _released.Task;
        return await work();
    }
}

/// <summary>The next call of a method fails, without having done anything.</summary>
internal sealed class MethodFault(string method) : StoreFault(call: 0, isDone: false)
{
    public bool IsOver { get; private set; }

    public override async Task<T> RunAsync<T>(string called, Func<Task<T>> work)
    {
        if (IsOver || called != method)
            return await work();
        IsOver = true;
        throw new StorageException($"{method} failed on purpose.", new IOException("EIO"));
    }
}

/// <summary>A store whose n-th call fails, as one on a bad disk: without having done anything, or with all done and the answer lost.</summary>
[SuppressMessage("Performance", "CA1852", Justification = "DispatchProxy derives from it while the tests run.")]
internal class FaultingStore : DispatchProxy
{
    private readonly ConcurrentDictionary<string, object> _parts = new();
    private object _inner = null!;
    private StoreFault _fault = null!;

    public static IStore Wrap(IStore inner, StoreFault fault) => (IStore)(object)Wrap(typeof(IStore), inner, fault);

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        MethodInfo method = targetMethod!;
        // The parts of the store are stores of their own.
        if (method.ReturnType == typeof(IIncomingEmails))
            return new FaultingIncoming((IIncomingEmails)Call(method, args)!, _fault);
        if (method.IsSpecialName && method.ReturnType.IsInterface)
            return _parts.GetOrAdd(method.Name, _ => Wrap(method.ReturnType, method.Invoke(_inner, null)!, _fault));
        if (method.ReturnType == typeof(ValueTask))
            return new ValueTask(_fault.RunAsync(method.Name, async () => { await (ValueTask)Call(method, args)!; return true; }));
        if (method.ReturnType.IsGenericType && method.ReturnType.GetGenericTypeDefinition() == typeof(ValueTask<>))
            return typeof(FaultingStore).GetMethod(nameof(Later), BindingFlags.NonPublic | BindingFlags.Instance)!
                .MakeGenericMethod(method.ReturnType.GetGenericArguments()).Invoke(this, [method, args]);
        return Call(method, args);
    }

    private static FaultingStore Wrap(Type type, object inner, StoreFault fault)
    {
        FaultingStore proxy = (FaultingStore)Create(type, typeof(FaultingStore));
        (proxy._inner, proxy._fault) = (inner, fault);
        return proxy;
    }

    private ValueTask<T> Later<T>(MethodInfo method, object?[]? args) => new(_fault.RunAsync(method.Name, async () => await (ValueTask<T>)Call(method, args)!));

    private object? Call(MethodInfo method, object?[]? args) => method.Invoke(_inner, BindingFlags.DoNotWrapExceptions, null, args, null);
}
