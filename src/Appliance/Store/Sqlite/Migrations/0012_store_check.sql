-- One row: what the last check of everything that is stored found.
CREATE TABLE store_check (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    document TEXT    NOT NULL
) STRICT;
