-- Some messages, of tenants that are not on the move, of what happened before ?1.
DELETE FROM webhook_messages
WHERE (tenant_id, endpoint_id, subject, seq) IN (
  SELECT m.tenant_id, m.endpoint_id, m.subject, m.seq FROM webhook_messages m
  WHERE m.at < ?1 AND m.next_at IS NULL
    AND NOT EXISTS (SELECT 1 FROM tenant_holds h WHERE h.tenant_id = m.tenant_id)
  ORDER BY m.at
  LIMIT 1000
)
