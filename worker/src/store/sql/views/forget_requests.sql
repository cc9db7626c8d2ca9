-- Those before ?2, some at a time.
DELETE FROM view_requests
WHERE tenant_id = ?1 AND key IN (
  SELECT key FROM view_requests WHERE tenant_id = ?1 AND created_at < ?2 ORDER BY created_at LIMIT 100
)
