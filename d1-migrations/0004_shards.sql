-- A tenant's complaints may lie in several databases.

-- What is unique among all complaints of a tenant, wherever they lie: kept in the database of the tenant's first slot.
CREATE TABLE external_references (
  tenant_id          TEXT NOT NULL,
  external_reference TEXT NOT NULL,
  complaint_id       TEXT NOT NULL,
  -- The request that took it: a creating idempotency key, or a complaint and a key, between them a space.
  claimed_by         TEXT NOT NULL,
  claimed_at         INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, external_reference)
) STRICT, WITHOUT ROWID;
INSERT INTO external_references (tenant_id, external_reference, complaint_id, claimed_by, claimed_at)
SELECT tenant_id, external_reference, id, '', 0 FROM complaints WHERE external_reference IS NOT NULL;
DROP INDEX complaints_external_reference;

-- How many complaints of this database have which value.
CREATE TABLE complaint_counts (
  tenant_id TEXT NOT NULL,
  facet     TEXT NOT NULL,
  value     TEXT NOT NULL,
  n         INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, facet, value)
) STRICT, WITHOUT ROWID;
INSERT INTO complaint_counts (tenant_id, facet, value, n)
SELECT tenant_id, facet, value, count(*) FROM complaint_facets WHERE facet = 'state' GROUP BY tenant_id, facet, value;

-- A key belongs to what it was used on, so that its meaning does not depend on which complaints share a database.
CREATE TABLE scoped_idempotency (
  tenant_id    TEXT NOT NULL,
  -- Empty for the creation of a complaint, else the complaint's id.
  scope        TEXT NOT NULL,
  key          TEXT NOT NULL,
  fingerprint  TEXT NOT NULL,
  complaint_id TEXT NOT NULL,
  version      INTEGER NOT NULL,
  created_at   INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, scope, key)
) STRICT, WITHOUT ROWID;
INSERT INTO scoped_idempotency (tenant_id, scope, key, fingerprint, complaint_id, version, created_at)
SELECT tenant_id, CASE version WHEN 1 THEN '' ELSE complaint_id END, key, fingerprint, complaint_id, version, created_at
FROM idempotency;

-- The idempotency key that created a complaint goes with it wherever it moves.
ALTER TABLE complaints ADD COLUMN created_by_key TEXT;
UPDATE complaints SET created_by_key = created.key
FROM (SELECT tenant_id, complaint_id, key FROM idempotency WHERE version = 1) created
WHERE complaints.tenant_id = created.tenant_id AND complaints.id = created.complaint_id;

DROP TABLE idempotency;
ALTER TABLE scoped_idempotency RENAME TO idempotency;

-- While there is a row, nothing of the tenant is written here.
CREATE TABLE tenant_holds (
  tenant_id TEXT NOT NULL PRIMARY KEY,
  reason    TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- In the order of commits, which is that of rowids.
CREATE INDEX events_of_tenant ON events (tenant_id);
