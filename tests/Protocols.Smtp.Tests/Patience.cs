using Microsoft.Extensions.Time.Testing;

namespace EmailSync.Protocols.Smtp.Tests;

/// <summary>Lets time pass until somebody has had enough.</summary>
internal static class Patience
{
    /// <summary>Moves the clock on until the task ends; returns by how much.</summary>
    public static async Task<TimeSpan> RunOutAsync(FakeTimeProvider clock, Task task)
    {
        DateTimeOffset start = clock.GetUtcNow();
        while (!task.IsCompleted)
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }
        return clock.GetUtcNow() - start;
    }
}
