-- The newest ?2.
SELECT json_array(key, fingerprint, view, created_at) AS doc
FROM view_requests WHERE tenant_id = ?1 ORDER BY created_at DESC LIMIT ?2
