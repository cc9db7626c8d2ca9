-- What has happened to a tenant's settings and keys, and who did it: names of what changed, never values. Kept in shard 0 with the
-- tenants' records, and written in the transaction that changes them.
CREATE TABLE tenant_events (
  tenant_id TEXT NOT NULL,
  -- 1, 2, 3, …
  nr        INTEGER NOT NULL,
  -- RFC 3339.
  at        TEXT NOT NULL,
  -- shared::access::Actor as JSON.
  actor     TEXT NOT NULL,
  -- shared::tenant::event::TenantEvent as JSON.
  event     TEXT NOT NULL,
  PRIMARY KEY (tenant_id, nr)
) STRICT, WITHOUT ROWID;

-- A tenant that is held is not written: see 0007.
CREATE TRIGGER held_new_tenant_events BEFORE INSERT ON tenant_events
WHEN EXISTS (SELECT 1 FROM tenant_holds WHERE tenant_id = NEW.tenant_id)
  AND NOT EXISTS (SELECT 1 FROM tenant_arrivals WHERE tenant_id = NEW.tenant_id)
BEGIN
  SELECT RAISE(ABORT, 'the tenant is held');
END;
