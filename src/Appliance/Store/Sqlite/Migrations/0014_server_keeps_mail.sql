-- For how many days the server keeps mail by its own word (EXPIRE), as of the last test.
ALTER TABLE mailbox_state ADD COLUMN server_keeps_mail_days INTEGER;
