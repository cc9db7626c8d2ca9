DELETE FROM counter_changes
WHERE tenant_id = ?1 AND EXISTS (SELECT 1 FROM tenant_holds WHERE tenant_id = ?1) AND ?2 > 0
RETURNING 1 AS gone
