DELETE FROM case_locks
WHERE tenant_id = ?1 AND EXISTS (SELECT 1 FROM tenant_holds WHERE tenant_id = ?1) AND complaint_id IN (
  SELECT complaint_id FROM case_locks WHERE tenant_id = ?1 ORDER BY complaint_id LIMIT ?2
)
RETURNING 1 AS gone
