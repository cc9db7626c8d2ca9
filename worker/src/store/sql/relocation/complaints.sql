SELECT c.id, c.version, c.doc, c.created_by_key, c.words, c.due_at, c.due_on, c.wake_at
FROM json_each(?2) wanted
CROSS JOIN complaints c
WHERE c.tenant_id = ?1 AND c.id = wanted.value
