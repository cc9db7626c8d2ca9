SELECT CASE WHEN open = 1 AND cancelling = 1 THEN json_set(doc, '$.state', 'cancelling') ELSE doc END AS doc
FROM bulk_jobs
WHERE tenant_id = ?1 AND id < ?2
ORDER BY id DESC
LIMIT ?3
