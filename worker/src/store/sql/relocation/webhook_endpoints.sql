-- Endpoints in the order of their changes, after change ?2 (?3 means nothing here).
SELECT change || '' AS id,
  json_array(id, change, key, fingerprint, version, doc, health, requests, deleted_at, due_at) AS message
FROM webhook_endpoints
WHERE tenant_id = ?1 AND change > ?2
ORDER BY change
LIMIT ?4
