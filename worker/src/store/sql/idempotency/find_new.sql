-- What these keys (a JSON list) have logged.
SELECT i.key, i.fingerprint, i.complaint_id, c.reference
FROM idempotency i
LEFT JOIN complaints c ON c.tenant_id = ?1 AND c.id = i.complaint_id
WHERE i.tenant_id = ?1 AND i.scope = '' AND i.key IN (SELECT value FROM json_each(?2))
