-- Those that ended before ?2, some at a time.
DELETE FROM sessions
WHERE tenant_id = ?1 AND id IN (SELECT id FROM sessions WHERE tenant_id = ?1 AND ends_at < ?2 ORDER BY ends_at LIMIT 100)
