-- The complaints of job ?2 that are not done, after ?3, up to which all are.
SELECT complaint_id AS doc
FROM bulk_rows
WHERE tenant_id = ?1 AND nr = (SELECT nr FROM bulk_jobs WHERE tenant_id = ?1 AND id = ?2) AND complaint_id > ?3
  AND outcome IS NULL
ORDER BY complaint_id
LIMIT ?4
