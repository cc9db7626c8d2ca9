-- Rows of jobs after complaint ?3 of job ?2.
SELECT nr || ' ' || complaint_id AS id, json_array(nr, complaint_id, outcome) AS message
FROM bulk_rows
WHERE tenant_id = ?1 AND (nr, complaint_id) > (?2, ?3)
ORDER BY nr, complaint_id
LIMIT ?4
