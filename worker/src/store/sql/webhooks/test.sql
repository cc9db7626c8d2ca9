INSERT INTO webhook_messages (tenant_id, endpoint_id, subject, seq, event, at, state, next_at, change)
VALUES (
  ?1, ?2, ?3, 0, 'test', CAST(?4 AS INTEGER), 'pending', CAST(?4 AS INTEGER),
  coalesce((SELECT max(change) FROM webhook_messages WHERE tenant_id = ?1), 0) + 1
)
ON CONFLICT DO NOTHING
