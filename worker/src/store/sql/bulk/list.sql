-- Jobs that were asked for before job ?2, the newest first: each its id and how it is answered.
SELECT id || shown AS doc
FROM bulk_jobs
WHERE tenant_id = ?1 AND id < ?2
ORDER BY id DESC
LIMIT ?3
