namespace EmailSync.Appliance.Api;

/// <summary>How many entries a page of a listing has.</summary>
internal static class PageLimit
{
    /// <summary>As many where nothing is asked for.</summary>
    public const int Default = 100;

    /// <summary>No page has more.</summary>
    public const int Largest = 1000;

    /// <summary>As many as asked for.</summary>
    /// <exception cref="InvalidRequestException">That is none, or too many.</exception>
    public static int Of(int? limit) => limit is null or >= 1 and <= Largest
        ? limit ?? Default
        : throw InvalidRequestException.Of("limit", $"{limit}", "It is out of bounds.", $"Give 1 to {Largest}; what is left comes with the next page.");
}
