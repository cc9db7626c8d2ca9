-- Those before ?2, some at a time.
DELETE FROM view_requests
WHERE tenant_id = ?1 AND key IN (
  SELECT key FROM view_requests WHERE tenant_id = ?1 AND created_at < CAST(?2 AS INTEGER) ORDER BY created_at LIMIT 100
)
