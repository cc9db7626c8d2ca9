-- A renewal that comes after its lock was given back, or after a newer lock, changes nothing.
INSERT INTO case_locks (tenant_id, complaint_id, token, holder, since, expires_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6)
ON CONFLICT (tenant_id, complaint_id) DO UPDATE
SET token = excluded.token, holder = excluded.holder, since = excluded.since, expires_at = excluded.expires_at
WHERE excluded.token > case_locks.token OR (excluded.token = case_locks.token AND case_locks.holder IS NOT NULL)
RETURNING token
