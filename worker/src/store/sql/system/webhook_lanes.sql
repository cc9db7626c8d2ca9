-- Some endpoints, of tenants that are not on the move, that have messages to be sent by ?1. Until ?2 they are nobody else's.
UPDATE webhook_endpoints SET not_before = ?2
WHERE (tenant_id, id) IN (
  SELECT e.tenant_id, e.id FROM webhook_endpoints e
  WHERE e.wake_at <= ?1
    AND NOT EXISTS (SELECT 1 FROM tenant_holds h WHERE h.tenant_id = e.tenant_id)
    AND NOT EXISTS (SELECT 1 FROM tenant_arrivals a WHERE a.tenant_id = e.tenant_id)
  ORDER BY e.wake_at
  LIMIT ?3
)
RETURNING tenant_id AS tenant, doc, health, deleted_at
