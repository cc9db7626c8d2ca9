-- Bulk jobs: kept in the database of the tenant's first slot. See shared/src/bulk.rs.

CREATE TABLE bulk_jobs (
  tenant_id   TEXT NOT NULL,
  id          TEXT NOT NULL,
  -- 1, 2, 3, … in the order in which they were written here.
  nr          INTEGER NOT NULL,
  -- Likewise, but a job that is changed by others than its driver gets the next one again: a move copies in this order.
  change      INTEGER NOT NULL,
  -- The request that asked for it.
  key         TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  -- shared::bulk::Job as JSON: what is answered.
  doc         TEXT NOT NULL,
  -- shared::bulk::Progress as JSON.
  progress    TEXT NOT NULL,
  -- 1 while there is something to do.
  open        INTEGER NOT NULL,
  -- 1 once it was asked to stop while somebody drove it.
  cancelling  INTEGER NOT NULL DEFAULT 0,
  -- Grows with every turn, and is compared by every change of the row: of two drivers the first is stopped.
  fence       INTEGER NOT NULL,
  -- Until then somebody drives it.
  lease_until INTEGER NOT NULL,
  -- From then on cron takes its turn for lost.
  due_at      INTEGER NOT NULL,
  -- Turns since somebody last wrote down what became of one.
  lost_turns  INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (tenant_id, id)
) STRICT;
CREATE UNIQUE INDEX bulk_jobs_key ON bulk_jobs (tenant_id, key);
CREATE UNIQUE INDEX bulk_jobs_nr ON bulk_jobs (tenant_id, nr);
CREATE UNIQUE INDEX bulk_jobs_change ON bulk_jobs (tenant_id, change);
CREATE INDEX bulk_jobs_open ON bulk_jobs (tenant_id) WHERE open = 1;

CREATE TABLE bulk_rows (
  tenant_id    TEXT NOT NULL,
  -- The job's.
  nr           INTEGER NOT NULL,
  complaint_id TEXT NOT NULL,
  -- shared::bulk::Row as JSON. NULL: nothing yet.
  outcome      TEXT,
  PRIMARY KEY (tenant_id, nr, complaint_id)
) STRICT, WITHOUT ROWID;

-- A tenant that is held is not written: see 0007.
CREATE TRIGGER held_new_bulk_jobs BEFORE INSERT ON bulk_jobs
WHEN EXISTS (SELECT 1 FROM tenant_holds WHERE tenant_id = NEW.tenant_id)
  AND NOT EXISTS (SELECT 1 FROM tenant_arrivals WHERE tenant_id = NEW.tenant_id)
BEGIN
  SELECT RAISE(ABORT, 'the tenant is held');
END;
CREATE TRIGGER held_bulk_jobs BEFORE UPDATE ON bulk_jobs
WHEN EXISTS (SELECT 1 FROM tenant_holds WHERE tenant_id = NEW.tenant_id)
  AND NOT EXISTS (SELECT 1 FROM tenant_arrivals WHERE tenant_id = NEW.tenant_id)
BEGIN
  SELECT RAISE(ABORT, 'the tenant is held');
END;
CREATE TRIGGER held_bulk_rows BEFORE INSERT ON bulk_rows
WHEN EXISTS (SELECT 1 FROM tenant_holds WHERE tenant_id = NEW.tenant_id)
  AND NOT EXISTS (SELECT 1 FROM tenant_arrivals WHERE tenant_id = NEW.tenant_id)
BEGIN
  SELECT RAISE(ABORT, 'the tenant is held');
END;
