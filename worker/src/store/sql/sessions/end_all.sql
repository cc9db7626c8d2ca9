-- Ends those of ?2 that are open at ?3 for ?4, but not ?5.
UPDATE sessions SET ends_at = ?3, doc = json_set(doc, '$.ended', json(?4))
WHERE tenant_id = ?1 AND person_id = ?2 AND ends_at > ?3 AND id <> ?5
RETURNING '' AS doc
