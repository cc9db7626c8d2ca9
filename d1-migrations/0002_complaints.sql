-- Times are milliseconds since 1970-01-01T00:00:00Z. Every table of a tenant starts its key with tenant_id.

-- The case files. Rows are only ever added.
CREATE TABLE events (
  tenant_id    TEXT NOT NULL,
  complaint_id TEXT NOT NULL,
  seq          INTEGER NOT NULL,
  at           INTEGER NOT NULL,
  -- The event without its hash, in canonical JSON: exactly the bytes that were hashed.
  body         TEXT NOT NULL,
  hash         TEXT NOT NULL,
  -- Two writers of one version collide here: the second gets 412.
  PRIMARY KEY (tenant_id, complaint_id, seq)
) STRICT;

-- The fold of each case file.
CREATE TABLE complaints (
  tenant_id          TEXT NOT NULL,
  id                 TEXT NOT NULL,
  reference          TEXT NOT NULL,
  external_reference TEXT,
  received_at        INTEGER NOT NULL,
  version            INTEGER NOT NULL,
  -- What a read answers, as JSON: shared::complaint::Complaint.
  doc                TEXT NOT NULL,
  -- What a list shows, as JSON: shared::complaint::projection::Summary.
  summary            TEXT NOT NULL,
  PRIMARY KEY (tenant_id, id)
) STRICT;
CREATE UNIQUE INDEX complaints_reference ON complaints (tenant_id, reference);
CREATE UNIQUE INDEX complaints_external_reference ON complaints (tenant_id, external_reference)
  WHERE external_reference IS NOT NULL;
CREATE INDEX complaints_received ON complaints (tenant_id, received_at, id);

-- One row for each value that a list can be filtered by, in the order of lists.
CREATE TABLE complaint_facets (
  tenant_id    TEXT NOT NULL,
  facet        TEXT NOT NULL,
  value        TEXT NOT NULL,
  received_at  INTEGER NOT NULL,
  complaint_id TEXT NOT NULL,
  PRIMARY KEY (tenant_id, facet, value, received_at, complaint_id)
) STRICT, WITHOUT ROWID;

-- Which request made which version, so that repeating it does nothing more and gets the same answer.
CREATE TABLE idempotency (
  tenant_id    TEXT NOT NULL,
  key          TEXT NOT NULL,
  fingerprint  TEXT NOT NULL,
  complaint_id TEXT NOT NULL,
  version      INTEGER NOT NULL,
  created_at   INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, key)
) STRICT, WITHOUT ROWID;
