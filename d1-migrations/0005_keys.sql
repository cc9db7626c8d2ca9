-- A key that was rotated works until ends_at; the day (UTC) on which it was last used.
ALTER TABLE api_keys ADD COLUMN ends_at INTEGER;
ALTER TABLE api_keys ADD COLUMN replaced_by TEXT;
ALTER TABLE api_keys ADD COLUMN last_used_on TEXT;
