using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;

namespace EmailSync.Load.Reporting;

/// <summary>What a figure was measured on.</summary>
internal sealed record Machine(string Processor, int Cores, string System, string Runtime, string MailKit)
{
    public static Machine This() => new(
        ProcessorName(),
        Environment.ProcessorCount,
        RuntimeInformation.OSDescription,
        RuntimeInformation.FrameworkDescription,
        typeof(MailKit.Net.Pop3.Pop3Client).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0]);

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{Processor}, {Cores} cores; {System}; {Runtime}; MailKit {MailKit}");

    private static string ProcessorName()
    {
        const string Cpus = "/proc/cpuinfo";
        string? line = File.Exists(Cpus) ? File.ReadLines(Cpus).FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal)) : null;
        return line is null ? RuntimeInformation.ProcessArchitecture.ToString() : line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
    }
}
