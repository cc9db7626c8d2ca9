-- The external references of these complaints (a JSON list) that have one, each with its place in the list.
SELECT k.key AS nth, c.external_reference AS name
FROM json_each(?2) k
CROSS JOIN complaints c
WHERE c.tenant_id = ?1 AND c.id = k.value AND c.external_reference IS NOT NULL
