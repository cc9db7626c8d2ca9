DELETE FROM notification_settings
WHERE tenant_id = ?1 AND EXISTS (SELECT 1 FROM tenant_holds WHERE tenant_id = ?1) AND subject IN (
  SELECT subject FROM notification_settings WHERE tenant_id = ?1 ORDER BY subject LIMIT ?2
)
RETURNING 1 AS gone
