-- Whoever was at work on an endpoint is not any more. ?3: how it fares, ?4: until when it is left alone. Gives when it is next to be seen to.
UPDATE webhook_endpoints
SET health = ?3, not_before = CAST(?4 AS INTEGER),
  due_at = (SELECT min(m.next_at) FROM webhook_messages m WHERE m.tenant_id = ?1 AND m.endpoint_id = ?2 AND m.next_at IS NOT NULL),
  change = (SELECT max(change) FROM webhook_endpoints WHERE tenant_id = ?1) + 1
WHERE tenant_id = ?1 AND id = ?2
RETURNING coalesce(wake_at, '') || '' AS doc
