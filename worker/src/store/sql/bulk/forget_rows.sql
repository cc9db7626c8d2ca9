-- Of jobs that are over and older than job ?2, at most ?3.
DELETE FROM bulk_rows
WHERE tenant_id = ?1 AND (nr, complaint_id) IN (
  SELECT r.nr, r.complaint_id
  FROM (SELECT nr FROM bulk_jobs WHERE tenant_id = ?1 AND id < ?2 AND open = 0 ORDER BY id LIMIT 100) old
  CROSS JOIN bulk_rows r
  WHERE r.tenant_id = ?1 AND r.nr = old.nr
  LIMIT ?3
)
