-- Bulk jobs: kept in the database of the tenant's first slot. See shared/src/bulk.rs.

CREATE TABLE bulk_jobs (
  tenant_id       TEXT NOT NULL,
  id              TEXT NOT NULL,
  -- 1, 2, 3, … in the order in which they were written here.
  nr              INTEGER NOT NULL,
  -- Likewise, but a job that is changed by others than its driver gets the next one again: a move copies in this order.
  change          INTEGER NOT NULL,
  -- The request that asked for it.
  key             TEXT NOT NULL,
  fingerprint     TEXT NOT NULL,
  -- What it asked for: shared::bulk::Action as JSON; a filter, or how many complaints it named.
  action          TEXT NOT NULL,
  filter          TEXT,
  named           INTEGER NOT NULL,
  dry_run         INTEGER NOT NULL,
  -- shared::access::Actor as JSON.
  asked_by        TEXT NOT NULL,
  asked_at        TEXT NOT NULL,
  -- How far it is: shared::bulk::State.
  state           TEXT NOT NULL DEFAULT 'queued',
  selected        INTEGER NOT NULL,
  succeeded       INTEGER NOT NULL DEFAULT 0,
  skipped         INTEGER NOT NULL DEFAULT 0,
  failed          INTEGER NOT NULL DEFAULT 0,
  started_at      TEXT,
  ended_at        TEXT,
  -- shared::bulk::Failure as JSON.
  failure         TEXT,
  -- All rows up to this complaint are done.
  through         TEXT NOT NULL DEFAULT '',
  -- Of a filter: which database is looked through, and below which place in it the rest is.
  selecting_shard INTEGER NOT NULL DEFAULT 0,
  selecting_below TEXT NOT NULL DEFAULT '',
  -- 1 while there is something to do.
  open            INTEGER NOT NULL DEFAULT 1,
  -- 1 once it was asked to stop.
  cancelling      INTEGER NOT NULL DEFAULT 0,
  -- Grows with every turn, and is compared by every change of the row: of two drivers the first is stopped.
  fence           INTEGER NOT NULL DEFAULT 1,
  -- Until then somebody drives it.
  lease_until     INTEGER NOT NULL DEFAULT 0,
  -- From then on cron takes its turn for lost.
  due_at          INTEGER NOT NULL,
  -- Turns since somebody last wrote down what became of one.
  lost_turns      INTEGER NOT NULL DEFAULT 0,
  -- What is answered: shared::bulk::Job as JSON.
  shown           TEXT AS (json_object(
    'id', id,
    'state', CASE WHEN open = 1 AND cancelling = 1 THEN 'cancelling' ELSE state END,
    'action', json(action),
    'over', CASE WHEN filter IS NULL THEN json_object('complaints', named) ELSE json_object('filter', filter) END,
    'dry_run', json(CASE dry_run WHEN 1 THEN 'true' ELSE 'false' END),
    'counts', json_object('selected', selected, 'done', succeeded + skipped + failed, 'succeeded', succeeded,
      'skipped', skipped, 'failed', failed),
    'asked_by', json(asked_by),
    'asked_at', asked_at,
    'started_at', started_at,
    'ended_at', ended_at,
    'failure', json(failure)
  )) VIRTUAL,
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
