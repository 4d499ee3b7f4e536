using EmailSync.Conformance;
using EmailSync.RealServers.Tests.Servers;

namespace EmailSync.RealServers.Tests.Conformance;

public sealed class SessionsOfLab(LabHost lab) : SmtpSessions(lab);

public sealed class SessionsOfPostfix(MailServers servers) : SmtpSessions(new PostfixHost(servers));

public sealed class SessionsOfExim(MailServers servers) : SmtpSessions(new EximHost(servers));

public sealed class TransactionsOfLab(LabHost lab) : SmtpTransactions(lab);

public sealed class TransactionsOfPostfix(MailServers servers) : SmtpTransactions(new PostfixHost(servers));

public sealed class TransactionsOfExim(MailServers servers) : SmtpTransactions(new EximHost(servers));

public sealed class ContentsOfLab(LabHost lab) : SmtpContents(lab);

public sealed class ContentsOfPostfix(MailServers servers) : SmtpContents(new PostfixHost(servers));

public sealed class ContentsOfExim(MailServers servers) : SmtpContents(new EximHost(servers));
