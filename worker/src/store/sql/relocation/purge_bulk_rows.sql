DELETE FROM bulk_rows
WHERE tenant_id = ?1 AND EXISTS (SELECT 1 FROM tenant_holds WHERE tenant_id = ?1) AND (nr, complaint_id) IN (
  SELECT nr, complaint_id FROM bulk_rows WHERE tenant_id = ?1 ORDER BY nr, complaint_id LIMIT ?2
)
RETURNING 1 AS gone
