-- Rows of jobs after complaint ?3 of job ?2.
SELECT nr, complaint_id, outcome
FROM bulk_rows
WHERE tenant_id = ?1 AND (nr, complaint_id) > (?2, ?3)
ORDER BY nr, complaint_id
LIMIT ?4
