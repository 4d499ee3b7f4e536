-- Unique-ids that a complete listing was without: known still, but not read at each poll.
CREATE TABLE gone_unique_id (
    mailbox INTEGER NOT NULL REFERENCES mailbox (id) ON DELETE CASCADE,
    high    INTEGER NOT NULL,
    low     INTEGER NOT NULL,
    email   INTEGER,
    gone_at INTEGER NOT NULL,
    PRIMARY KEY (mailbox, high, low)
) STRICT, WITHOUT ROWID;

-- Until when a new message may be an old one under another unique-id: known ones were missing from a listing, and not by our doing.
ALTER TABLE mailbox_state ADD COLUMN unique_ids_in_doubt_until INTEGER;
