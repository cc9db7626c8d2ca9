-- What these keys (a JSON list) have logged, each with its place in the list.
SELECT k.key AS nth, i.complaint_id, i.fingerprint, c.reference AS name
FROM json_each(?2) k
CROSS JOIN idempotency i
LEFT JOIN complaints c ON c.tenant_id = ?1 AND c.id = i.complaint_id
WHERE i.tenant_id = ?1 AND i.scope = '' AND i.key = k.value
