SELECT i.scope, i.key, i.fingerprint, i.complaint_id, i.version, i.created_at
FROM json_each(?2) wanted
CROSS JOIN idempotency i
WHERE i.tenant_id = ?1 AND i.scope = wanted.value
