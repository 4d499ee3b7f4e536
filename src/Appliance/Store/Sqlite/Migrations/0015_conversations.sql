-- Emails that are not the first of their conversation, which has the first one's id. Tables of their own and no columns: an index over the emails
-- that there are would read all of them while the appliance starts.
CREATE TABLE reply (
    email        INTEGER PRIMARY KEY REFERENCES email (id) ON DELETE CASCADE,
    conversation INTEGER NOT NULL
) STRICT;
CREATE INDEX reply_by_conversation ON reply (conversation, email);

-- Emails by the first 64 bits of the SHA-256 of their Message-ID; the text is in their row.
CREATE TABLE message_key (
    key   INTEGER NOT NULL,
    email INTEGER NOT NULL,
    PRIMARY KEY (key, email)
) STRICT, WITHOUT ROWID;

-- One row at most: emails up to this one are without their key still, and get it while the appliance works.
CREATE TABLE unkeyed (
    id    INTEGER PRIMARY KEY CHECK (id = 1),
    up_to INTEGER NOT NULL
) STRICT;
INSERT INTO unkeyed SELECT 1, max(id) FROM email HAVING max(id) IS NOT NULL;

-- Which conversation the number in a subject leads to, and the last number that was given.
CREATE TABLE tracking_number (
    number       INTEGER PRIMARY KEY,
    conversation INTEGER NOT NULL
) STRICT;
CREATE TABLE last_tracking_number (
    id     INTEGER PRIMARY KEY CHECK (id = 1),
    number INTEGER NOT NULL
) STRICT;
INSERT INTO last_tracking_number VALUES (1, 0);
