-- Receiving and sending are counted apart: a poll that works says nothing about sending.
ALTER TABLE mailbox_state ADD COLUMN outgoing_transient_failure_count INTEGER NOT NULL DEFAULT 0;

-- Skipped because it was received before "Process Email From": a rescan forgets these, and no others.
ALTER TABLE known_unique_id ADD COLUMN is_skipped INTEGER NOT NULL DEFAULT 0;
UPDATE known_unique_id SET is_skipped = 1 WHERE email IS NULL;
CREATE INDEX known_unique_id_skipped ON known_unique_id (mailbox) WHERE is_skipped = 1;

-- The last Test & Enable of a mailbox, step by step.
CREATE TABLE test_result (
    mailbox  INTEGER PRIMARY KEY REFERENCES mailbox (id) ON DELETE CASCADE,
    document TEXT NOT NULL
) STRICT;
