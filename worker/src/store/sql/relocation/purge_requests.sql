DELETE FROM idempotency
WHERE tenant_id = ?1 AND EXISTS (SELECT 1 FROM tenant_holds WHERE tenant_id = ?1) AND (scope, key) IN (
  SELECT scope, key FROM idempotency WHERE tenant_id = ?1 ORDER BY scope, key LIMIT ?2
)
RETURNING 1 AS gone
