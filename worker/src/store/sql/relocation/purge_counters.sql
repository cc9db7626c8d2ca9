DELETE FROM counters
WHERE tenant_id = ?1 AND EXISTS (SELECT 1 FROM tenant_holds WHERE tenant_id = ?1) AND name IN (
  SELECT name FROM counters WHERE tenant_id = ?1 ORDER BY name LIMIT ?2
)
RETURNING 1 AS gone
