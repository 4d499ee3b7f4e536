using System.Text;
using EmailSync.Protocols.Testing;
using static EmailSync.Protocols.Pop3.Tests.Sessions;

namespace EmailSync.Protocols.Pop3.Tests;

/// <summary>
/// What the client allocates, counted on the one thread that all of it runs on. The bounds are those of a debug build, in which every
/// asynchronous method that is entered allocates; the benchmarks show what a release build needs.
/// </summary>
public sealed class Memory
{
    private static readonly Pop3Options Options = new() { AllowCleartextPasswords = true };

    [Fact]
    public async Task A_message_costs_the_same_whatever_its_size()
    {
        byte[] small = Encoding.ASCII.GetBytes($"+OK\r\n{new string('x', 1000)}\r\n.\r\n");
        byte[] large = Encoding.ASCII.GetBytes($"+OK\r\n{new string('x', 25 * 1024 * 1024)}\r\n.\r\n");
        // The first retrieval pays for what is made once.
        await CostAsync(small, maildrop => maildrop.RetrieveAsync(1, Stream.Null));
        long ofSmall = await CostAsync(small, maildrop => maildrop.RetrieveAsync(1, Stream.Null));
        long ofLarge = await CostAsync(large, maildrop => maildrop.RetrieveAsync(1, Stream.Null));
        Assert.InRange(ofLarge, 1, ofSmall + 64 * 1024);
    }

    [Fact]
    public async Task A_line_of_UIDL_costs_nothing()
    {
        const int Lines = 100_000;
        StringBuilder listing = new("+OK\r\n");
        for (int number = 1; number <= Lines; number++)
            listing.Append(number).Append(" 0123456789abcdef\r\n");
        byte[] answer = Encoding.ASCII.GetBytes(listing.Append(".\r\n").ToString());
        long cost = await CostAsync(answer, maildrop => maildrop.ListUniqueIdsAsync(static (_, _) => { }));
        Assert.InRange(cost, 1, Lines);
    }

    private static async Task<long> CostAsync<T>(byte[] answer, Func<Maildrop, ValueTask<T>> work)
    {
        AnsweringStream server = new(["+OK\r\n"u8.ToArray(), "+OK\r\n"u8.ToArray(), "+OK\r\n"u8.ToArray(), answer]);
        await using Maildrop maildrop = await SignInAsync(server, options: Options);
        long before = GC.GetAllocatedBytesForCurrentThread();
        ValueTask<T> working = work(maildrop);
        Assert.True(working.IsCompleted, "All of it runs on this thread");
        await working;
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
