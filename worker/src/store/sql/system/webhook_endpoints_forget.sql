-- Some endpoints, of tenants that are not on the move, that were removed before ?1.
DELETE FROM webhook_endpoints
WHERE (tenant_id, id) IN (
  SELECT e.tenant_id, e.id FROM webhook_endpoints e
  WHERE e.deleted_at < ?1 AND NOT EXISTS (SELECT 1 FROM tenant_holds h WHERE h.tenant_id = e.tenant_id)
  LIMIT 100
)
