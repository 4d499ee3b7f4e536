namespace EmailSync.Appliance.Store.Sqlite;

/// <summary>The stored form of a moment: ticks of 100 ns since 1970, so that what is read is exactly what was written.</summary>
internal static class Moments
{
    public static long Write(DateTimeOffset moment) => moment.UtcTicks - DateTimeOffset.UnixEpoch.Ticks;

    public static DateTimeOffset Read(long stored) => new(stored + DateTimeOffset.UnixEpoch.Ticks, TimeSpan.Zero);
}
