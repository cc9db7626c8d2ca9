-- Its person has proved anew who they are.
UPDATE sessions SET doc = json_set(doc, '$.authenticated_at', json(?3))
WHERE tenant_id = ?1 AND id = ?2 AND doc ->> 'ended' IS NULL
RETURNING doc
