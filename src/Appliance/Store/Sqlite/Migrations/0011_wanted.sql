-- Messages that are too large for their mailbox, and that somebody wants in whole all the same.
CREATE TABLE wanted (
    mailbox  INTEGER NOT NULL REFERENCES mailbox (id) ON DELETE CASCADE,
    email    INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    PRIMARY KEY (mailbox, email)
) STRICT, WITHOUT ROWID;

-- Of an email of which only the headers are stored: the email that is the whole of it.
ALTER TABLE email ADD COLUMN fetched_as INTEGER;
