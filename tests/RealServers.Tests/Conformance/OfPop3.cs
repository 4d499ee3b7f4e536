using EmailSync.Conformance;
using EmailSync.RealServers.Tests.Servers;

namespace EmailSync.RealServers.Tests.Conformance;

public sealed class CommandsOfLab(LabHost lab) : Pop3Commands(lab);

public sealed class CommandsOfDovecot(MailServers servers) : Pop3Commands(new DovecotHost(servers));

public sealed class MaildropsOfLab(LabHost lab) : Pop3Contents(lab);

public sealed class MaildropsOfDovecot(MailServers servers) : Pop3Contents(new DovecotHost(servers));

public sealed class SignInsOfLab(LabHost lab) : Pop3SignIns(lab);

public sealed class SignInsOfDovecot(MailServers servers) : Pop3SignIns(new DovecotHost(servers));
