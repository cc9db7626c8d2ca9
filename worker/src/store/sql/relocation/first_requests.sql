-- The requests that created them.
SELECT i.scope, i.key, i.fingerprint, i.complaint_id, i.version, i.created_at
FROM json_each(?2) wanted
CROSS JOIN complaints c
CROSS JOIN idempotency i
WHERE c.tenant_id = ?1 AND c.id = wanted.value AND i.tenant_id = ?1 AND i.scope = '' AND i.key = c.created_by_key
