-- The key that has just taken the place of key ?5.
INSERT INTO api_keys (tenant_id, id, expires_at, doc)
SELECT ?1, ?2, ?3, ?4 WHERE EXISTS (SELECT 1 FROM api_keys WHERE tenant_id = ?1 AND id = ?5 AND replaced_by = ?2)
