using System.Security.Authentication;
using EmailSync.Appliance.Egress;
using EmailSync.Appliance.Model;
using EmailSync.Appliance.Store;
using EmailSync.Protocols.Pop3;
using EmailSync.Protocols.Smtp;
using EmailSync.Protocols.Wire;
using EmailSync.Protocols.Wire.Tls;

namespace EmailSync.Appliance.Processing;

/// <summary>The one switch from exceptions to <see cref="Failure"/>: whose fault, what scope, again later, in doubt.</summary>
public static class FailureClassifier
{
    /// <summary>What an exception means.</summary>
    public static Failure Classify(Exception exception) => exception switch
    {
        SessionOpeningException { InnerException: { } inner } => AtTheServer(Classify(inner)),
        SignInRefusedException refused => SignIn(refused),
        SignInTooSoonException early => Transient(ErrorClass.Quota, FailureScope.Mailbox, exception) with { RetryAfter = early.Left },
        DeliveryRefusedException refused => refused.Failure,
        NotReadyException => Permanent(ErrorClass.Configuration, FailureScope.Mailbox, exception),

        EgressDeniedException => Permanent(ErrorClass.Policy, FailureScope.Route, exception),
        EncryptionRequiredException => Permanent(ErrorClass.Policy, FailureScope.Route, exception),
        NameResolutionException => Transient(ErrorClass.Dns, FailureScope.Server, exception),
        ConnectException => Transient(ErrorClass.Connect, FailureScope.Server, exception),
        CertificateException certificate => Permanent(ClassOf(certificate.Fault), FailureScope.Server, exception),
        TlsException or AuthenticationException => Transient(ErrorClass.Tls, FailureScope.Server, exception),

        Pop3NegativeResponseException pop3 => OfPop3(pop3),
        SmtpNegativeReplyException smtp => OfSmtp(smtp),
        TransactionInDoubtException => new(ErrorClass.Uncertain, FailureScope.Message, true, true, exception.Message),
        UnsendableContentException => Permanent(ErrorClass.Size, FailureScope.Message, exception),
        InvalidContentException => Permanent(ErrorClass.RejectedContent, FailureScope.Message, exception),
        ContentTooLongException => Permanent(ErrorClass.Size, FailureScope.Message, exception),

        StorageException => Transient(ErrorClass.Storage, FailureScope.Mailbox, exception),
        ProtocolViolationException => Transient(ErrorClass.Protocol, FailureScope.Mailbox, exception),
        // What ended the connection says more than that it ended; a handshake behind STLS or STARTTLS fails inside a session.
        ConnectionLostException { InnerException: { } cause and (ProtocolViolationException or CertificateException or TlsException) } => Classify(cause),
        TimeoutException or IOException => Transient(ErrorClass.Timeout, FailureScope.Mailbox, exception),
        // The server lacks what is needed: no mechanism in common, no TOP, no SMTPUTF8.
        NotSupportedException => Permanent(ErrorClass.Protocol, FailureScope.Mailbox, exception),
        _ => Transient(ErrorClass.Unknown, FailureScope.Mailbox, exception),
    };

    /// <summary>What a refusal of one forward-path, or of the whole content, means.</summary>
    public static Failure OfReply(Phase phase, Reply reply)
    {
        FailureScope scope = phase == Phase.Rcpt ? FailureScope.Recipient : FailureScope.Message;
        return new(ClassOf(phase, reply), scope, reply.IsTransient, false, reply.ToString());
    }

    private static Failure OfPop3(Pop3NegativeResponseException exception)
    {
        ResponseCode? code = exception.Response.Code;
        return exception.Command switch
        {
            "greeting" => Transient(ErrorClass.Server, FailureScope.Server, exception),
            "STLS" => Transient(ErrorClass.Tls, FailureScope.Server, exception),
            _ when code is { } temporary && temporary.IsWithin(ResponseCode.SysTemp) => Transient(ErrorClass.Server, FailureScope.Mailbox, exception),
            _ when code is { } permanent && permanent.IsWithin(ResponseCode.SysPerm) => Permanent(ErrorClass.Server, FailureScope.Mailbox, exception),
            _ => Transient(ErrorClass.Protocol, FailureScope.Mailbox, exception),
        };
    }

    private static Failure SignIn(SignInRefusedException refused) => refused.InnerException switch
    {
        Pop3NegativeResponseException { Response.Code: { } code } when code.IsWithin(ResponseCode.InUse) =>
            Transient(ErrorClass.MailboxInUse, FailureScope.Mailbox, refused),
        Pop3NegativeResponseException { Response.Code: { } code } when code.IsWithin(ResponseCode.LoginDelay) =>
            Transient(ErrorClass.Quota, FailureScope.Mailbox, refused) with { RetryAfter = refused.LoginDelay },
        Pop3NegativeResponseException { Response.Code: { } code } when code.IsWithin(ResponseCode.SysPerm) =>
            Permanent(ErrorClass.Server, FailureScope.Mailbox, refused),
        // A server without response codes says it in words (RFC 1939 section 4: the maildrop may be locked).
        Pop3NegativeResponseException { Response: { Code: null, Text: var words } } when LockedMaildrop.IsMeantBy(words) =>
            Transient(ErrorClass.MailboxInUse, FailureScope.Mailbox, refused),
        _ => refused.AreCredentialsWrong
            ? Permanent(ErrorClass.Authentication, FailureScope.Mailbox, refused) with { IsToBeConfirmed = refused.IsBare }
            : Transient(ErrorClass.Server, FailureScope.Mailbox, refused),
    };

    private static Failure OfSmtp(SmtpNegativeReplyException exception) => exception.Phase switch
    {
        Phase.Greeting or Phase.Ehlo => Transient(exception.Reply.Code == 421 ? ErrorClass.Quota : ErrorClass.Server, FailureScope.Server, exception),
        Phase.StartTls or Phase.Handshake => Transient(ErrorClass.Tls, FailureScope.Server, exception),
        _ when exception.Reply.Code == 421 => Transient(ErrorClass.Quota, FailureScope.Mailbox, exception),
        _ => new(ClassOf(exception.Phase, exception.Reply), FailureScope.Message, exception.Reply.IsTransient, false, exception.Message),
    };

    private static ErrorClass ClassOf(Phase phase, Reply reply) => (phase, reply.Code) switch
    {
        (_, 421 or 450 or 451) => ErrorClass.Server,
        (_, 452) => ErrorClass.Quota,
        (Phase.Mail or Phase.Content or Phase.FinalDot or Phase.Data, 552 or 523) => ErrorClass.Size,
        (Phase.Mail, 530) => ErrorClass.Authentication,
        (Phase.Mail, _) => ErrorClass.RejectedSender,
        (Phase.Rcpt, _) => ErrorClass.RejectedRecipient,
        _ => ErrorClass.RejectedContent,
    };

    private static ErrorClass ClassOf(CertificateFault fault) => fault switch
    {
        CertificateFault.Expired => ErrorClass.CertificateExpired,
        CertificateFault.Name => ErrorClass.CertificateName,
        CertificateFault.Revoked => ErrorClass.CertificateRevoked,
        CertificateFault.Weak => ErrorClass.CertificateWeak,
        _ => ErrorClass.CertificateUntrusted,
    };

    private static Failure AtTheServer(Failure failure) =>
        failure.Scope == FailureScope.Mailbox && failure.Class != ErrorClass.Storage ? failure with { Scope = FailureScope.Server } : failure;

    private static Failure Transient(ErrorClass @class, FailureScope scope, Exception exception) => new(@class, scope, true, false, exception.Message);

    private static Failure Permanent(ErrorClass @class, FailureScope scope, Exception exception) => new(@class, scope, false, false, exception.Message);
}
