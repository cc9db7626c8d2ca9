-- Rows of job ?2 after complaint ?3, of all outcomes or of ?4, as they are answered: what has not come of a complaint comes
-- still, or never if the job is over.
SELECT '{"complaint":"' || r.complaint_id || '",' || coalesce(
  substr(r.outcome, 2), (SELECT CASE open WHEN 1 THEN '"outcome":"waiting"}' ELSE '"outcome":"not_begun"}' END FROM bulk_jobs WHERE tenant_id = ?1 AND id = ?2)
) AS doc
FROM bulk_rows r
WHERE r.tenant_id = ?1 AND r.nr = (SELECT nr FROM bulk_jobs WHERE tenant_id = ?1 AND id = ?2) AND r.complaint_id > ?3
  AND (?4 = '' OR ?4 = coalesce(
    r.outcome ->> 'outcome', (SELECT CASE open WHEN 1 THEN 'waiting' ELSE 'not_begun' END FROM bulk_jobs WHERE tenant_id = ?1 AND id = ?2)
  ))
ORDER BY r.complaint_id
LIMIT ?5
