-- Moments are ticks of 100 ns since 1970-01-01T00:00Z: datetime(stored_at / 10000000, 'unixepoch') shows one.
-- Durations are ticks of 100 ns. Enumerations are the numbers of the model. AUTOINCREMENT: an id is never given twice.

CREATE TABLE profile (
    id                             INTEGER PRIMARY KEY AUTOINCREMENT,
    version                        INTEGER NOT NULL,
    name                           TEXT    NOT NULL,
    name_key                       TEXT    NOT NULL UNIQUE,
    description                    TEXT    NOT NULL,
    incoming_host                  TEXT,
    incoming_port                  INTEGER,
    incoming_security              INTEGER,
    incoming_credentials           INTEGER NOT NULL,
    incoming_user_name             TEXT,
    incoming_authentication        INTEGER NOT NULL,
    outgoing_host                  TEXT,
    outgoing_port                  INTEGER,
    outgoing_security              INTEGER,
    outgoing_credentials           INTEGER NOT NULL,
    outgoing_user_name             TEXT,
    outgoing_authentication        INTEGER NOT NULL,
    use_same_settings_for_outgoing INTEGER NOT NULL,
    process_emails_received_after  INTEGER,
    min_polling_interval           INTEGER NOT NULL,
    max_concurrent_connections     INTEGER NOT NULL,
    connection_timeout             INTEGER NOT NULL,
    command_timeout                INTEGER NOT NULL,
    send_email_alert               INTEGER NOT NULL,
    owner_email_address            TEXT,
    state                          INTEGER NOT NULL,
    trusted_certificates           TEXT,
    when_uncertain                 INTEGER NOT NULL
) STRICT;

-- What an administrator sets.
CREATE TABLE mailbox (
    id                            INTEGER PRIMARY KEY AUTOINCREMENT,
    version                       INTEGER NOT NULL,
    name                          TEXT    NOT NULL,
    address                       TEXT    NOT NULL,
    address_key                   TEXT    NOT NULL UNIQUE,
    kind                          INTEGER NOT NULL,
    profile                       INTEGER NOT NULL REFERENCES profile (id),
    user_name                     TEXT,
    allow_credentials             INTEGER NOT NULL,
    incoming_email                INTEGER NOT NULL,
    outgoing_email                INTEGER NOT NULL,
    approval                      INTEGER NOT NULL,
    approval_by                   TEXT,
    approval_at                   INTEGER,
    process_emails_received_after INTEGER,
    delete_after_processing       INTEGER NOT NULL,
    leave_on_server_days          INTEGER,
    maximum_message_size          INTEGER NOT NULL
) STRICT;

CREATE INDEX mailbox_by_profile ON mailbox (profile, id);
CREATE INDEX mailbox_by_approval ON mailbox (approval, id);

-- What the engine writes down, many times a second: narrow rows, so that a commit dirties few pages.
CREATE TABLE mailbox_state (
    mailbox                 INTEGER PRIMARY KEY REFERENCES mailbox (id) ON DELETE CASCADE,
    incoming_status         INTEGER NOT NULL DEFAULT 0,
    outgoing_status         INTEGER NOT NULL DEFAULT 0,
    enabled_for_incoming    INTEGER NOT NULL DEFAULT 0,
    enabled_for_outgoing    INTEGER NOT NULL DEFAULT 0,
    next_poll_at            INTEGER,
    postponed_until         INTEGER,
    last_poll_started_at    INTEGER,
    last_success_at         INTEGER,
    last_error              TEXT,
    test_completed_at       INTEGER,
    transient_failure_count INTEGER NOT NULL DEFAULT 0,
    consecutive_empty_polls INTEGER NOT NULL DEFAULT 0,
    messages_received       INTEGER NOT NULL DEFAULT 0,
    messages_sent           INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX mailbox_by_incoming_status ON mailbox_state (incoming_status, mailbox);
CREATE INDEX mailbox_by_outgoing_status ON mailbox_state (outgoing_status, mailbox);

-- Both directions. The one writer gives ids in the order of commits, so that a cursor never skips an email.
-- The mailbox is no foreign key: emails outlive their mailbox.
CREATE TABLE email (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    mailbox         INTEGER NOT NULL,
    state           INTEGER NOT NULL,
    stored_at       INTEGER NOT NULL,
    size            INTEGER NOT NULL,
    sha256          BLOB    NOT NULL,
    spool_file      TEXT,
    mail_from       TEXT,
    mail_to         TEXT,
    mail_cc         TEXT,
    reply_to        TEXT,
    subject         TEXT,
    date            TEXT,
    message_id      TEXT,
    in_reply_to     TEXT,
    mail_references TEXT,
    unique_id       TEXT,
    reverse_path    TEXT,
    recipients      TEXT,
    idempotency_key TEXT,
    attempts        INTEGER NOT NULL DEFAULT 0,
    next_attempt_at INTEGER,
    last_error      TEXT,
    claimed_by      INTEGER
) STRICT;

-- The direction follows from the state, so these two serve every filter.
CREATE INDEX email_by_mailbox ON email (mailbox, state, id);
CREATE INDEX email_by_state ON email (state, id);
-- States 0 and 1 are the incoming ones: recognising content that is already here.
CREATE INDEX email_by_content ON email (mailbox, sha256) WHERE state < 2;
-- State 2 is pending-send.
CREATE INDEX email_due ON email (mailbox, next_attempt_at) WHERE state = 2;
CREATE UNIQUE INDEX email_by_idempotency_key ON email (mailbox, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE UNIQUE INDEX email_by_spool_file ON email (spool_file) WHERE spool_file IS NOT NULL;

-- Content up to the threshold; larger content is a spool file.
CREATE TABLE email_content (
    email  INTEGER PRIMARY KEY REFERENCES email (id) ON DELETE CASCADE,
    octets BLOB NOT NULL
) STRICT;

-- 16 octets of hash as two integers. The email is null where a unique-id is known for another reason.
CREATE TABLE known_unique_id (
    mailbox INTEGER NOT NULL REFERENCES mailbox (id) ON DELETE CASCADE,
    high    INTEGER NOT NULL,
    low     INTEGER NOT NULL,
    email   INTEGER,
    PRIMARY KEY (mailbox, high, low)
) STRICT, WITHOUT ROWID;

CREATE TABLE alert (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    code         TEXT    NOT NULL,
    level        INTEGER NOT NULL,
    scope        INTEGER NOT NULL,
    subject      TEXT    NOT NULL,
    text         TEXT    NOT NULL,
    remedy       TEXT    NOT NULL,
    raised_at    INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    count        INTEGER NOT NULL,
    resolved_at  INTEGER
) STRICT;

CREATE UNIQUE INDEX alert_standing ON alert (scope, subject, code) WHERE resolved_at IS NULL;
CREATE INDEX alert_unresolved ON alert (id) WHERE resolved_at IS NULL;
CREATE INDEX alert_by_subject ON alert (scope, subject, id);
CREATE INDEX alert_resolved ON alert (resolved_at) WHERE resolved_at IS NOT NULL;

-- Ciphertexts only; the keys are files outside this database.
CREATE TABLE secret (
    owner      TEXT    NOT NULL,
    kind       INTEGER NOT NULL,
    ciphertext BLOB    NOT NULL,
    PRIMARY KEY (owner, kind)
) STRICT, WITHOUT ROWID;

-- One row.
CREATE TABLE settings (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    version  INTEGER NOT NULL,
    document TEXT    NOT NULL
) STRICT;
