DELETE FROM views
WHERE tenant_id = ?1 AND id = ?2 AND version = CAST(?3 AS INTEGER)
  AND NOT EXISTS (SELECT 1 FROM tenant_holds WHERE tenant_id = ?1)
RETURNING '' AS doc
