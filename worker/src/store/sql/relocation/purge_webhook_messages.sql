DELETE FROM webhook_messages
WHERE tenant_id = ?1 AND EXISTS (SELECT 1 FROM tenant_holds WHERE tenant_id = ?1) AND (endpoint_id, subject, seq) IN (
  SELECT endpoint_id, subject, seq FROM webhook_messages WHERE tenant_id = ?1 ORDER BY endpoint_id, subject, seq LIMIT ?2
)
RETURNING 1 AS gone
