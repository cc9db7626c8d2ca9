-- Gives up some messages of an endpoint that were not sent.
UPDATE webhook_messages
SET state = 'expired', next_at = NULL, change = (SELECT max(change) FROM webhook_messages WHERE tenant_id = ?1) + 1
WHERE tenant_id = ?1 AND endpoint_id = ?2 AND (subject, seq) IN (
  SELECT subject, seq FROM webhook_messages
  WHERE tenant_id = ?1 AND endpoint_id = ?2 AND next_at IS NOT NULL
  ORDER BY next_at LIMIT 500
)
