-- What several copies of one letter have in common, once for all of them: octets, or the end of a spool file. Deleted with its last user.
CREATE TABLE body (
    id           INTEGER PRIMARY KEY,
    sha256       BLOB    NOT NULL,
    octets       BLOB,
    spool_file   TEXT,
    spool_offset INTEGER
) STRICT;
-- The file may be that of an email as well, which is whole and has no row in email_body.
CREATE UNIQUE INDEX body_by_spool_file ON body (spool_file) WHERE spool_file IS NOT NULL;

-- Emails whose content is the octets of email_content, which are their own header block, and then a body.
CREATE TABLE email_body (
    email INTEGER PRIMARY KEY REFERENCES email (id) ON DELETE CASCADE,
    body  INTEGER NOT NULL REFERENCES body (id)
) STRICT;
CREATE INDEX email_body_by_body ON email_body (body);

-- The SHA-256 of what comes after the header block, where it can be shared.
ALTER TABLE message_key ADD COLUMN body BLOB;
