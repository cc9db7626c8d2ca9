SELECT CASE WHEN open = 1 AND cancelling = 1 THEN json_set(doc, '$.state', 'cancelling') ELSE doc END AS doc, open, fence, lease_until, lost_turns
FROM bulk_jobs
WHERE tenant_id = ?1 AND id = ?2
