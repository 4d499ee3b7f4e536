namespace EmailSync.Appliance.Egress;

/// <summary>The policy said no; no packet was sent.</summary>
public sealed class EgressDeniedException(string message) : IOException(message);

/// <summary>The name has no address, or no resolver answered.</summary>
public sealed class NameResolutionException(string message, bool isTransient, Exception? inner) : IOException(message, inner)
{
    /// <summary>No answer, rather than the answer that there is none.</summary>
    public bool IsTransient => isTransient;
}

/// <summary>No address took the connection.</summary>
public sealed class ConnectException(string message, Exception? inner) : IOException(message, inner);
