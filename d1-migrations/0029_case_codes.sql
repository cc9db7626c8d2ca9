-- Codes that were mailed to show that a complaint is somebody's: see docs/portal.md. Kept in the database of the tenant's first slot,
-- for a quarter of an hour. They do not go along when a tenant moves: whoever waits for one asks for another.
CREATE TABLE case_codes (
  tenant_id    TEXT NOT NULL,
  -- Of what the browser has that asked, the HMAC.
  handle       TEXT NOT NULL,
  complaint_id TEXT NOT NULL,
  -- Of the code and the handle, the HMAC.
  code         TEXT NOT NULL,
  -- How often it was tried; as often as may be, once it was used.
  tries        INTEGER NOT NULL DEFAULT 0,
  expires_at   INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, handle)
) STRICT, WITHOUT ROWID;
CREATE INDEX case_codes_complaint ON case_codes (tenant_id, complaint_id, expires_at);
CREATE INDEX case_codes_expires ON case_codes (tenant_id, expires_at);

-- A tenant that is held is not written: see 0007.
CREATE TRIGGER held_new_case_codes BEFORE INSERT ON case_codes
WHEN EXISTS (SELECT 1 FROM tenant_holds WHERE tenant_id = NEW.tenant_id)
  AND NOT EXISTS (SELECT 1 FROM tenant_arrivals WHERE tenant_id = NEW.tenant_id)
BEGIN
  SELECT RAISE(ABORT, 'the tenant is held');
END;
