using BenchmarkDotNet.Running;
using EmailSync.Appliance.Benchmarks;

BenchmarkSwitcher.FromAssembly(typeof(CommitIncoming).Assembly).Run(args);
