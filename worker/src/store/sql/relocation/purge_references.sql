DELETE FROM external_references
WHERE tenant_id = ?1 AND EXISTS (SELECT 1 FROM tenant_holds WHERE tenant_id = ?1) AND external_reference IN (
  SELECT external_reference FROM external_references WHERE tenant_id = ?1 ORDER BY external_reference LIMIT ?2
)
RETURNING 1 AS gone
