DELETE FROM stored_files
WHERE tenant_id = ?1 AND EXISTS (SELECT 1 FROM tenant_holds WHERE tenant_id = ?1) AND attachment_id IN (
  SELECT attachment_id FROM stored_files WHERE tenant_id = ?1 ORDER BY attachment_id LIMIT ?2
)
RETURNING 1 AS gone
