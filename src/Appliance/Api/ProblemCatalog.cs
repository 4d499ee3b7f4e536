namespace EmailSync.Appliance.Api;

/// <summary>One kind of problem: what programs know it by, and what people do about it.</summary>
/// <param name="Code">Stable and published.</param>
/// <param name="Status">The HTTP status.</param>
/// <param name="Title">What happened, in a sentence.</param>
/// <param name="Remedy">What the caller can do.</param>
public sealed record ProblemKind(string Code, int Status, string Title, string Remedy);

/// <summary>Every problem that the API answers with (RFC 9457). Codes are stable; docs/errors.md is made from this list.</summary>
public static class ProblemCatalog
{
    /// <summary>A right request that changes nothing for the better.</summary>
    public static readonly ProblemKind Invalid = new("invalid", 422, "The request has faults.",
        "Mend every field that errors names; each entry has the reason and what to give instead.");

    /// <summary>Not what the endpoint reads.</summary>
    public static readonly ProblemKind Unreadable = new("unreadable", 400, "The request cannot be read.",
        "Send what the OpenAPI document describes: known fields only, each once, not nested deeper than 16.");

    /// <summary>More than the endpoint takes.</summary>
    public static readonly ProblemKind TooLarge = new("too-large", 413, "The request is too large.",
        "Send less at once: 1 MiB of JSON, a message of 150 MiB.");

    /// <summary>Another kind of content than the endpoint takes.</summary>
    public static readonly ProblemKind UnsupportedMediaType = new("unsupported-media-type", 415, "The content is of a kind that is not taken here.",
        "Send application/json (a change also as application/merge-patch+json), a raw message as message/rfc822.");

    /// <summary>No token, or a wrong one.</summary>
    public static readonly ProblemKind Unauthenticated = new("unauthenticated", 401, "A token is needed.",
        "Make one with 'emailsync token create NAME --role application' and send it as Authorization: Bearer.");

    /// <summary>Many wrong tokens.</summary>
    public static readonly ProblemKind TooManyFailures = new("too-many-failures", 429, "Too many requests came without a right token.",
        "Wait as long as Retry-After says, and check the token. A right token is answered all the same.");

    /// <summary>The token's role does not suffice.</summary>
    public static readonly ProblemKind Forbidden = new("forbidden", 403, "The token's role does not admit this.",
        "Use a token whose role admits it, or the control socket.");

    /// <summary>A secret over plain HTTP.</summary>
    public static readonly ProblemKind InsecureChannel = new("insecure-channel", 403, "Secrets are not taken over this channel.",
        "Use the control socket (the emailsync command does), or set AllowCredentialsEntryViaNonSecureChannels.");

    /// <summary>A host name that is not loopback's.</summary>
    public static readonly ProblemKind Misdirected = new("misdirected", 421, "This is not the host that was asked for.",
        "Ask localhost or 127.0.0.1: another name in Host may be a web page's attempt to reach this machine.");

    /// <summary>A page of another origin.</summary>
    public static readonly ProblemKind CrossOrigin = new("cross-origin", 403, "A page of another origin may not call the API.",
        "Call from a program, or from a page on this host.");

    /// <summary>Nothing there.</summary>
    public static readonly ProblemKind NotFound = new("not-found", 404, "There is no such thing.",
        "Check the id, name or address, or list what there is.");

    /// <summary>Another method than the endpoint has.</summary>
    public static readonly ProblemKind MethodNotAllowed = new("method-not-allowed", 405, "The method is not for this resource.",
        "The OpenAPI document lists the methods of each path; Allow names those of this one.");

    /// <summary>A unique value that is taken.</summary>
    public static readonly ProblemKind Duplicate = new("duplicate", 409, "A value that must be unique is taken.",
        "Choose another, or change the entry that has it.");

    /// <summary>Used by others.</summary>
    public static readonly ProblemKind InUse = new("in-use", 409, "It is in use.",
        "Take it away from those that use it first; detail names them.");

    /// <summary>No If-Match.</summary>
    public static readonly ProblemKind PreconditionRequired = new("precondition-required", 428, "Which version is changed?",
        "Send If-Match with the ETag that was read, or * for whichever version there is.");

    /// <summary>Another version than expected.</summary>
    public static readonly ProblemKind VersionConflict = new("version-conflict", 412, "It was changed in between.",
        "Read it again, and repeat the change.");

    /// <summary>One key for two contents.</summary>
    public static readonly ProblemKind IdempotencyConflict = new("idempotency-conflict", 422, "The idempotency key was used with another content.",
        "Use a new key for each email, and the same one only to send the same email again.");

    /// <summary>The disk.</summary>
    public static readonly ProblemKind Storage = new("storage", 503, "The appliance cannot use its disk.",
        "Free space, or mend the disk; then repeat the request.");

    /// <summary>A fault of ours.</summary>
    public static readonly ProblemKind Unforeseen = new("unforeseen", 500, "Something happened that the appliance did not foresee.",
        "The log holds the details; please report it.");

    /// <summary>All kinds, in the order of their codes.</summary>
    public static IReadOnlyList<ProblemKind> All { get; } = [.. new[]
    {
        Invalid, Unreadable, TooLarge, UnsupportedMediaType, Unauthenticated, TooManyFailures, Forbidden, InsecureChannel, Misdirected, CrossOrigin,
        NotFound, MethodNotAllowed, Duplicate, InUse, PreconditionRequired, VersionConflict, IdempotencyConflict, Storage, Unforeseen,
    }.OrderBy(kind => kind.Code, StringComparer.Ordinal)];
}
