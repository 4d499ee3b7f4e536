-- Low 0, normal 1, high 2.
ALTER TABLE email ADD COLUMN priority INTEGER NOT NULL DEFAULT 1;
CREATE INDEX email_due_by_priority ON email (mailbox, priority, next_attempt_at) WHERE state = 2;

-- An incoming email that is a delivery status notification: 1 not yet read, 2 read. What it speaks of is the id of an outgoing one.
ALTER TABLE email ADD COLUMN report INTEGER;
ALTER TABLE email ADD COLUMN speaks_of INTEGER;
CREATE INDEX email_unread_report ON email (mailbox, id) WHERE report = 1;
CREATE INDEX email_sent_by_message_id ON email (mailbox, message_id) WHERE reverse_path IS NOT NULL;
