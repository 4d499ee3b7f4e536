-- How access tokens are obtained: one JSON document, because nothing is looked for in it.
ALTER TABLE profile ADD COLUMN oauth TEXT;
