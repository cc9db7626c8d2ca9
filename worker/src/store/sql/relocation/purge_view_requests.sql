DELETE FROM view_requests
WHERE tenant_id = ?1 AND EXISTS (SELECT 1 FROM tenant_holds WHERE tenant_id = ?1) AND key IN (
  SELECT key FROM view_requests WHERE tenant_id = ?1 ORDER BY key LIMIT ?2
)
RETURNING 1 AS gone
