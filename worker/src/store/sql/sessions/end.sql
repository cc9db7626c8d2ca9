-- Ends session ?2 at ?3 for ?4, if it is open and is ?5's.
UPDATE sessions SET ends_at = ?3, doc = json_set(doc, '$.ended', json(?4))
WHERE tenant_id = ?1 AND id = ?2 AND person_id = ?5 AND ends_at > ?3
RETURNING '' AS doc
