using BenchmarkDotNet.Running;
using EmailSync.Protocols.Benchmarks;

BenchmarkSwitcher.FromAssembly(typeof(DotStuffingThroughput).Assembly).Run(args);
