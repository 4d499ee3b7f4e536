-- Messages in whose retrieval a session, or the process, ended.
CREATE TABLE suspect (
    mailbox  INTEGER NOT NULL REFERENCES mailbox (id) ON DELETE CASCADE,
    high     INTEGER NOT NULL,
    low      INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    retry_at INTEGER NOT NULL,
    PRIMARY KEY (mailbox, high, low)
) STRICT, WITHOUT ROWID;

-- One row: whether the store is open, or was not closed.
CREATE TABLE run (
    id      INTEGER PRIMARY KEY CHECK (id = 1),
    is_open INTEGER NOT NULL
) STRICT;
INSERT INTO run VALUES (1, 0);
