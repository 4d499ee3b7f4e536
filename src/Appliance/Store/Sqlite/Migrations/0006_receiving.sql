-- How many messages with a known unique-id the last cycle left on the server; null from the first message that is stored until a cycle
-- has come to its end.
ALTER TABLE mailbox_state ADD COLUMN left_on_server INTEGER;
