-- When the message was stored here in whole: what retention has deleted here must still go from the server at its time.
ALTER TABLE known_unique_id ADD COLUMN stored_at INTEGER;
ALTER TABLE gone_unique_id ADD COLUMN stored_at INTEGER;
UPDATE known_unique_id SET stored_at = (SELECT stored_at FROM email e WHERE e.id = known_unique_id.email AND e.state = 0);
UPDATE gone_unique_id SET stored_at = (SELECT stored_at FROM email e WHERE e.id = gone_unique_id.email AND e.state = 0);
