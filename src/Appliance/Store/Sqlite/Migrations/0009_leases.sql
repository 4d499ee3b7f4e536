-- Counts the runs, so that no token of a lease ever comes again. claimed_by of an email is the token under which it was claimed.
ALTER TABLE run ADD COLUMN number INTEGER NOT NULL DEFAULT 0;
