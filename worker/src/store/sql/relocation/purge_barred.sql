DELETE FROM barred
WHERE tenant_id = ?1 AND EXISTS (SELECT 1 FROM tenant_holds WHERE tenant_id = ?1) AND doc IN (
  SELECT doc FROM barred WHERE tenant_id = ?1 ORDER BY doc LIMIT ?2
)
RETURNING 1 AS gone
