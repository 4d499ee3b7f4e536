-- When a consumer said that it has an incoming email; and whether mail is deleted on the server only then.
ALTER TABLE email ADD COLUMN acknowledged_at INTEGER;
ALTER TABLE mailbox ADD COLUMN delete_only_acknowledged INTEGER NOT NULL DEFAULT 0;
-- States 0 and 1 are the incoming ones. In the order of ids, so that a new email's entry is added at the end.
CREATE INDEX email_unacknowledged ON email (state, id) WHERE state < 2 AND acknowledged_at IS NULL;
