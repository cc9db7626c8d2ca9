-- Tenants that move from cell to cell.

-- The newest move of each tenant that came here or leaves: kept in shard 0.
CREATE TABLE relocations (
  tenant_id   TEXT NOT NULL PRIMARY KEY,
  job         TEXT NOT NULL,
  -- shared::tenant::relocation::Record as JSON.
  doc         TEXT NOT NULL,
  -- 1 while this cell has something to do for it.
  open        INTEGER NOT NULL,
  -- Grows with every lease, and is compared by every change of the row: of two drivers the first is stopped.
  fence       INTEGER NOT NULL,
  lease_until INTEGER NOT NULL
) STRICT;
CREATE INDEX relocations_open ON relocations (open) WHERE open = 1;

-- While there is a row, what a move brings of the tenant is taken in here.
CREATE TABLE tenant_arrivals (
  tenant_id TEXT NOT NULL PRIMARY KEY,
  job       TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- While there is a row, deliveries that are recorded here are noted, so that a move finds those that come later.
CREATE TABLE tenant_departures (
  tenant_id TEXT NOT NULL PRIMARY KEY
) STRICT, WITHOUT ROWID;
CREATE TABLE late_deliveries (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  tenant_id    TEXT NOT NULL,
  complaint_id TEXT NOT NULL,
  seq          INTEGER NOT NULL,
  audience     TEXT NOT NULL
) STRICT;
CREATE INDEX late_deliveries_of_tenant ON late_deliveries (tenant_id);
CREATE TRIGGER note_late_delivery AFTER INSERT ON deliveries
WHEN EXISTS (SELECT 1 FROM tenant_departures WHERE tenant_id = NEW.tenant_id)
BEGIN
  INSERT INTO late_deliveries (tenant_id, complaint_id, seq, audience)
  VALUES (NEW.tenant_id, NEW.complaint_id, NEW.seq, NEW.audience);
END;

-- Holds are numbered, so that one that comes late takes no newer one away.
ALTER TABLE tenant_holds ADD COLUMN number INTEGER NOT NULL DEFAULT 0;

-- A hold stops commits where they are written. These stop what else must not change behind a move's back.
CREATE TRIGGER held_deliveries BEFORE INSERT ON deliveries
WHEN EXISTS (SELECT 1 FROM tenant_holds WHERE tenant_id = NEW.tenant_id)
  AND NOT EXISTS (SELECT 1 FROM tenant_arrivals WHERE tenant_id = NEW.tenant_id)
BEGIN
  SELECT RAISE(ABORT, 'the tenant is held');
END;
CREATE TRIGGER held_new_keys BEFORE INSERT ON api_keys
WHEN EXISTS (SELECT 1 FROM tenant_holds WHERE tenant_id = NEW.tenant_id)
BEGIN
  SELECT RAISE(ABORT, 'the tenant is held');
END;
CREATE TRIGGER held_keys BEFORE UPDATE OF doc, revoked_at, ends_at, replaced_by ON api_keys
WHEN EXISTS (SELECT 1 FROM tenant_holds WHERE tenant_id = NEW.tenant_id)
BEGIN
  SELECT RAISE(ABORT, 'the tenant is held');
END;
CREATE TRIGGER held_tenants BEFORE UPDATE OF doc ON tenants
WHEN EXISTS (SELECT 1 FROM tenant_holds WHERE tenant_id = NEW.id)
  AND NEW.doc ->> 'home_cell' = OLD.doc ->> 'home_cell'
BEGIN
  SELECT RAISE(ABORT, 'the tenant is held');
END;
