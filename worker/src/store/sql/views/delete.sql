DELETE FROM views
WHERE tenant_id = ?1 AND id = ?2 AND version = ?3 AND NOT EXISTS (SELECT 1 FROM tenant_holds WHERE tenant_id = ?1)
RETURNING '' AS text
