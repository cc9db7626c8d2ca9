-- The external references of these complaints (a JSON list) that have one.
SELECT id, external_reference
FROM complaints
WHERE tenant_id = ?1 AND id IN (SELECT value FROM json_each(?2)) AND external_reference IS NOT NULL
