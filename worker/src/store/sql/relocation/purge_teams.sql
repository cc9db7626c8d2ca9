DELETE FROM teams
WHERE tenant_id = ?1 AND EXISTS (SELECT 1 FROM tenant_holds WHERE tenant_id = ?1) AND id IN (
  SELECT id FROM teams WHERE tenant_id = ?1 ORDER BY id LIMIT ?2
)
RETURNING 1 AS gone
