-- Rows of job ?2 after complaint ?3: all, or those with outcome ?4, which is empty for those that have none.
SELECT complaint_id, outcome
FROM bulk_rows
WHERE tenant_id = ?1 AND nr = (SELECT nr FROM bulk_jobs WHERE tenant_id = ?1 AND id = ?2) AND complaint_id > ?3
  AND (?4 IS NULL OR coalesce(outcome ->> 'outcome', '') = ?4)
ORDER BY complaint_id
LIMIT ?5
