INSERT INTO idempotency (tenant_id, scope, key, fingerprint, complaint_id, version, created_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
