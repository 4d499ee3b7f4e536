namespace EmailSync.Appliance.OneShot;

/// <summary>Tells failures of this machine's disk from those of the network, which are of the same types.</summary>
internal static class Disk
{
    /// <summary>Whether an exception that a file operation threw is the disk's.</summary>
    public static bool IsFailure(Exception exception) => exception is IOException or UnauthorizedAccessException or InvalidDataException;

    /// <summary>The failure, as a tool reports it.</summary>
    public static ToolException Failure(Exception exception) => new(
        exception.Message, "Check the path, its mode and the free space. Nothing was deleted on the server.", exception) { Code = "storage" };
}
