-- Those of them that have no rows left.
DELETE FROM bulk_jobs
WHERE tenant_id = ?1 AND id IN (
  SELECT j.id FROM bulk_jobs j
  WHERE j.tenant_id = ?1 AND j.id < ?2 AND j.open = 0
    AND NOT EXISTS (SELECT 1 FROM bulk_rows r WHERE r.tenant_id = ?1 AND r.nr = j.nr)
  ORDER BY j.id
  LIMIT 100
)
