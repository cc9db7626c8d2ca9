-- Of some complaints (a JSON list) those that are there: id, reference, and who works on it, apart by spaces.
SELECT c.id || ' ' || c.reference || ' ' || coalesce(c.doc ->> 'assignee', '') AS doc
FROM json_each(?2) wanted
CROSS JOIN complaints c
WHERE c.tenant_id = ?1 AND c.id = wanted.value
