-- The source of truth of the directory: tenants and their keys. Kept in shard 0 of the tenant's home cell.
CREATE TABLE tenants (
  id         TEXT NOT NULL PRIMARY KEY,
  slug       TEXT NOT NULL UNIQUE,
  version    INTEGER NOT NULL,
  -- The tenant as JSON: shared::tenant::Tenant.
  doc        TEXT NOT NULL,
  -- Grows with every change that the directory in KV must show: a new version, a revoked key.
  directory_seq INTEGER NOT NULL,
  -- 1 while KV may not show that change yet; cron publishes it.
  unpublished INTEGER NOT NULL
) STRICT;
CREATE INDEX tenants_unpublished ON tenants (unpublished) WHERE unpublished = 1;

CREATE TABLE api_keys (
  tenant_id  TEXT NOT NULL,
  id         TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  revoked_at INTEGER,
  -- The key without its secret, as JSON: shared::tenant::api_key::ApiKey, but for revoked_at.
  doc        TEXT NOT NULL,
  PRIMARY KEY (tenant_id, id)
) STRICT, WITHOUT ROWID;

-- What an operator's POST did, so that repeating it does nothing more. Secrets are not in `body`.
CREATE TABLE operator_idempotency (
  key         TEXT NOT NULL PRIMARY KEY,
  fingerprint TEXT NOT NULL,
  status      INTEGER NOT NULL,
  body        TEXT NOT NULL,
  created_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
