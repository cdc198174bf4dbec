-- The address that a ticket was made for: it is good as long as the user has this address; NULL for any. document: what else it
-- says, JSON.
ALTER TABLE tickets ADD COLUMN email TEXT;
ALTER TABLE tickets ADD COLUMN document TEXT;
