using EmailSync.Fuzz;
using SharpFuzz;

// Run by ./fuzz, under afl-fuzz; or with files behind the target, which it then replays.
if (args.Length == 0 || !FuzzTargets.All.TryGetValue(args[0], out FuzzTarget? target))
{
    Console.Error.WriteLine($"fuzz TARGET [FILE...]; the targets are {string.Join(", ", FuzzTargets.All.Keys)}");
    return 2;
}

if (args.Length > 1)
{
    foreach (string file in args.Skip(1))
        target(File.ReadAllBytes(file));
    return 0;
}

Fuzzer.OutOfProcess.Run(stream =>
{
    using MemoryStream input = new();
    stream.CopyTo(input);
    target(input.ToArray());
});
return 0;
