namespace EmailSync.Protocols.Testing;

/// <summary>A conversation went wrong in one way of delivering it.</summary>
internal sealed class DeliveryException(Delivery delivery, ScriptedPeer peer, Exception innerException)
    : Exception($"Delivered {delivery}, {peer.Position}: {innerException.Message}", innerException);
